"""MQTT contract, version 1: which topic carries what. Root `lepton/1/{org}/{site}/{device}/…`, fixed depth.

Area, line and camera are fields of the payload, not levels, so that a broker's access control is one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.alarm import MAX_ALARM_BYTES
from edge_contracts.command import MAX_COMMAND_BYTES, MAX_REPLY_BYTES
from edge_contracts.configuration import MAX_DESIRED_BYTES, MAX_REPORTED_BYTES
from edge_contracts.errors import BadInputError
from edge_contracts.message import MAX_ALERT_BYTES, MAX_BIRTH_BYTES, MAX_STATE_BYTES

if TYPE_CHECKING:
    from edge_contracts.identifiers import Slug

ROOT = "lepton/1"
ALARM = "alarm/{type}"
"""A leaf with a level of its own: the last one is an `AlarmType`."""
COMMAND = "cmd/{name}"
"""Another one: the last level is what is asked for."""
_PREFIXES = {"alarm": ALARM, "cmd": COMMAND}
_ROOT_LEVELS = 2
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Leaf:
    """What stands under one topic of a device.

    from_device: the device says it; otherwise it listens.
    qos: MQTT quality of service.
    retained: the broker keeps the last one.
    limit_bytes: a longer message is not sent, and refused where it is read.
    schema: the payload's JSON Schema in docs/reference/schemas, None where it is told in words.
    meaning: one sentence.
    """

    from_device: bool
    qos: int
    retained: bool
    limit_bytes: int
    schema: str | None
    meaning: str


LEAVES: dict[str, Leaf] = {
    "status": Leaf(
        from_device=True,
        qos=1,
        retained=True,
        limit_bytes=4096,
        schema="status",
        meaning="online or offline; the broker says offline 10 s after a silent end",
    ),
    "birth": Leaf(
        from_device=True,
        qos=1,
        retained=True,
        limit_bytes=MAX_BIRTH_BYTES,
        schema="birth",
        meaning="inventory, at each connection and after a reload: board, models, points",
    ),
    "state": Leaf(
        from_device=True,
        qos=0,
        retained=True,
        limit_bytes=MAX_STATE_BYTES,
        schema="state",
        meaning="health and counts, each `state_period_s`; expires after three periods",
    ),
    "alert": Leaf(
        from_device=True,
        qos=1,
        retained=False,
        limit_bytes=MAX_ALERT_BYTES,
        schema="alert",
        meaning="a part that was not good; from the spool, sent again until it is stored",
    ),
    "gap": Leaf(
        from_device=True,
        qos=1,
        retained=False,
        limit_bytes=MAX_ALERT_BYTES,
        schema="gap",
        meaning="the loss ledger: which alerts will never come, and why; from the spool",
    ),
    "stats": Leaf(
        from_device=True,
        qos=1,
        retained=False,
        limit_bytes=MAX_ALERT_BYTES,
        schema="stats",
        meaning="what was inspected in a minute, per point and model; from the spool, first to go when that is full",
    ),
    ALARM: Leaf(
        from_device=True,
        qos=1,
        retained=True,
        limit_bytes=MAX_ALARM_BYTES,
        schema="alarm",
        meaning="a condition that lasts: active or cleared, since when, how often",
    ),
    "reported": Leaf(
        from_device=True,
        qos=1,
        retained=True,
        limit_bytes=MAX_REPORTED_BYTES,
        schema="reported",
        meaning="the configuration that runs, and what became of the one that is desired",
    ),
    "res": Leaf(
        from_device=True,
        qos=1,
        retained=False,
        limit_bytes=MAX_REPLY_BYTES,
        schema="res",
        meaning="the answer to a command, joined to it by its `id`; expires after a minute",
    ),
    "doctor": Leaf(
        from_device=True,
        qos=1,
        retained=False,
        limit_bytes=4096,
        schema=None,
        meaning="a few bytes that `lepton doctor` sends to itself, to try the way there and back",
    ),
    "probe": Leaf(
        from_device=False,
        qos=0,
        retained=False,
        limit_bytes=4096,
        schema=None,
        meaning="under `manager/manager/{client id}`: the manager to itself, which is ready when it comes back",
    ),
    "ack": Leaf(
        from_device=False,
        qos=0,
        retained=False,
        limit_bytes=4096,
        schema="ack",
        meaning="the highest sequence that is stored without a hole; frees the spool",
    ),
    "desired": Leaf(
        from_device=False,
        qos=1,
        retained=True,
        limit_bytes=MAX_DESIRED_BYTES,
        schema="desired",
        meaning="the configuration that the device shall have, signed by its manager",
    ),
    COMMAND: Leaf(
        from_device=False,
        qos=1,
        retained=False,
        limit_bytes=MAX_COMMAND_BYTES,
        schema="cmd",
        meaning="something to do, see below; retained or expired, it is refused; seen before, it is not done again and "
        "answered as the first time",
    ),
}
"""Every topic of a device, by what follows its root."""


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Where a device speaks: organisation, site and device, each `[a-z0-9-]{1,32}`."""

    org: Slug
    site: Slug
    device: Slug

    @property
    def source(self) -> str:
        """The CloudEvents source, which is also the topic root of the device."""
        return f"{ROOT}/{self.org}/{self.site}/{self.device}"

    def topic(self, leaf: str) -> str:
        """The full topic of one leaf (`alert`, `ack`, `alarm/camera`, `cmd/ping`, …).

        Raises:
            BadInputError: `LEAVES` has no such leaf.
        """
        leaf_of(leaf)
        return f"{self.source}/{leaf}"


def leaf_of(name: str) -> Leaf:
    """What stands under a topic.

    Raises:
        BadInputError: `LEAVES` has no such leaf.
    """
    first, has_more, _ = name.partition("/")
    known = LEAVES.get(_PREFIXES.get(first, name) if has_more else name)
    if known is None:
        raise BadInputError(f"wanted a topic of {', '.join(LEAVES)}, found {name!r}")
    return known


def filter_for(leaf: str) -> str:
    """The subscription that hears one leaf of every device."""
    return f"{ROOT}/+/+/+/{leaf}"


def parse_topic(topic: str) -> tuple[DeviceAddress, str]:
    """Split a topic into the device's address and its leaf.

    Raises:
        BadInputError: the topic is not `lepton/1/{org}/{site}/{device}/{leaf}`.
    """
    levels = topic.split("/", _LEVELS - 1)
    if len(levels) != _LEVELS or "/".join(levels[:_ROOT_LEVELS]) != ROOT:
        raise BadInputError(f"wanted a topic {ROOT}/org/site/device/leaf, found {topic!r}")
    return DeviceAddress(*levels[_ROOT_LEVELS:-1]), levels[-1]
