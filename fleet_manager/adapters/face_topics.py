"""Every topic of the faces, and the reference page made from the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_HEAD: Final = """# Topics of the other faces

What the manager says, and listens to, beside the [devices' own topics](topics.md). Nothing of it is needed for an
alert to be stored.

| face | topic | said by | QoS | retained | payload | what it is |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class FaceTopic:
    """One row.

    face: whose. topic: with `{…}` for what differs; `{prefix}`, `{pattern}` are settings. said_by: `manager`, or who
    else. qos, retained: MQTT's. payload: in a few words. meaning: one sentence.
    """

    face: str
    topic: str
    said_by: str
    qos: int
    retained: bool
    payload: str
    meaning: str


def _home(topic: str, said_by: str, payload: str, meaning: str, *, retained: bool) -> FaceTopic:
    return FaceTopic("Home Assistant", topic, said_by, 1, retained, payload, meaning)


def _node(kind: str, meaning: str, *, qos: int = 0, said_by: str = "manager") -> FaceTopic:
    device = "/{device}" if kind.startswith("D") else ""
    topic = f"spBv1.0/{{group}}/{kind}/{{edge node}}{device}"
    return FaceTopic("Sparkplug B", topic, said_by, qos, False, "Sparkplug B", meaning)


def _mirror(leaf: str, meaning: str, *, qos: int = 1) -> FaceTopic:
    topic = f"{{pattern}}/inspection/{{device}}/{leaf}"
    return FaceTopic("unified namespace", topic, "manager", qos, True, "JSON", meaning)


TOPICS: Final = (
    _home(
        "{prefix}/device/lepton_{org}_{site}_{device}/config",
        "manager",
        "discovery document",
        "announces a device and its entities; empty when the device is gone",
        retained=True,
    ),
    _home(
        "{prefix}/status",
        "Home Assistant",
        "`online`, `offline`",
        "after `online` every device is announced again",
        retained=False,
    ),
    _node("NBIRTH", "the manager is there: all its metrics, `bdSeq`, sequence 0"),
    _node("NDATA", "how many devices are known and online, where that changed"),
    _node("NDEATH", "the manager's farewell, or the broker's word when it is cut off", qos=1),
    _node("DBIRTH", "a device is online: all its metrics, with names, types and aliases"),
    _node("DDATA", "what changed on a device, by alias"),
    _node("DDEATH", "a device is offline, gone, or unheard"),
    _node("NCMD", "`Node Control/Rebirth` asks for all births again", said_by="host"),
    FaceTopic(
        "Sparkplug B",
        "spBv1.0/STATE/{primary host}",
        "host",
        1,
        True,
        '`{"online": true, "timestamp": …}`',
        "births wait for it where `primary_host` is set",
    ),
    _mirror("status", "`online`, `offline`, or `unheard` while the devices' broker is out of reach"),
    _mirror("inventory", "hardware, version, inspection points with their bundles"),
    _mirror("state", "health, as in the device's `state`", qos=0),
    _mirror("alarm/{type}", "a condition that lasts, as in the device's `alarm/{type}`"),
    _mirror("{point}/verdict", "last verdict and counts of one inspection point", qos=0),
    _mirror("{point}/alert", "the last part that was not good"),
    FaceTopic(
        "unified namespace",
        "{status topic}",
        "manager",
        1,
        True,
        "JSON",
        "whether anybody keeps the mirror: `online`, `offline` (also the broker's word)",
    ),
)


def reference() -> str:
    """The page, Markdown."""
    return _HEAD + "".join(_row(one) for one in TOPICS)


def _row(one: FaceTopic) -> str:
    retained = "yes" if one.retained else "no"
    cells = (one.face, f"`{one.topic}`", one.said_by, str(one.qos), retained, one.payload, one.meaning)
    return f"| {' | '.join(cells)} |\n"
