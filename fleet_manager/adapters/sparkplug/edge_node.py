"""The edge node: births before data, one sequence over all messages, a death for every end.

Rules and their names (tck-id-…) are those of Eclipse Sparkplug 3.0.0. Device metrics have aliases, given anew with each
NBIRTH; `bdSeq` and `Node Control/Rebirth` have none. Everything is reported by exception: a value that has not changed
is not sent again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from fleet_manager.adapters.face import Terms
from fleet_manager.adapters.news import Gone, Said
from fleet_manager.adapters.publication import Publication
from fleet_manager.adapters.sparkplug.device_metrics import Picture, Reading, Readings, readings
from fleet_manager.adapters.sparkplug.host_state import HostState
from fleet_manager.adapters.sparkplug.payload import SEQ_COUNT, DataType, Metric, Payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.news import News
    from fleet_manager.adapters.sparkplug.codec import PayloadCodec
    from fleet_manager.adapters.sparkplug.settings import SparkplugSettings

_LOG = logging.getLogger(__name__)
NAMESPACE: Final = "spBv1.0"
BD_SEQ: Final = "bdSeq"
REBIRTH: Final = "Node Control/Rebirth"


class EdgeNode:
    """One organisation's manager at one site; devices of others are passed over.

    Args:
        settings: who we are.
        codec: payloads to bytes.
        version: the manager's own.
    """

    def __init__(self, settings: SparkplugSettings, codec: PayloadCodec, version: str) -> None:
        self.name = f"sparkplug-{settings.group}-{settings.edge_node}"
        self._settings, self._codec, self._version = settings, codec, version
        self._pictures: dict[str, Picture] = {}
        self._next_bd_seq = self._bd_seq = 0
        self._seq = 0
        self._is_born = False
        self._aliases: dict[tuple[str, str], int] = {}
        self._told: dict[str, Readings] = {}
        self._host = HostState()

    @property
    def wants_out(self) -> bool:
        """The primary host is offline: die, and wait for it on another connection."""
        return self._is_born and self._settings.primary_host is not None and self._host.is_online is False

    def terms(self, now_ms: int) -> Terms:
        """The death certificate, with the number of the birth that will follow, and who may speak to us."""
        self._bd_seq, self._next_bd_seq = self._next_bd_seq, (self._next_bd_seq + 1) % SEQ_COUNT
        self._is_born, self._host = False, HostState()
        host = self._settings.primary_host
        filters = (self._topic("NCMD"),) if host is None else (self._topic("NCMD"), _state_topic(host))
        return Terms(self._death(now_ms), filters)

    def connected(self, now_ms: int) -> Iterator[Publication]:
        """All births, unless the primary host is still waited for."""
        if self._settings.primary_host is None:
            yield from self._births(now_ms)

    def tell(self, news: News, now_ms: int) -> Iterator[Publication]:
        """A device was born, changed, died or is gone."""
        if isinstance(news, Said):
            yield from self._take(news, now_ms)
        elif isinstance(news, Gone):
            if self._is_ours(news.device):
                self._pictures.pop(news.device.device, None)
                yield from self._show(news.device.device, now_ms)
        else:
            yield from self._lose(news.device, now_ms)

    def heard(self, topic: str, body: bytes, now_ms: int) -> Iterator[Publication]:
        """A host asks for a rebirth, or the primary host says how it is."""
        try:
            if topic == self._topic("NCMD"):
                if self._codec.booleans(body).get(REBIRTH) and self._is_born:
                    yield from self._births(now_ms)
            elif topic == _state_topic(self._settings.primary_host):
                self._host.hear(body)
                if self._host.is_online and not self._is_born:
                    yield from self._births(now_ms)
        except BadInputError as err:
            _LOG.warning("%s: %s", topic, err)

    def farewell(self, now_ms: int) -> Iterator[Publication]:
        """Nobody is to wait for the will."""
        if self._is_born:
            yield self._death(now_ms)

    def _take(self, said: Said, now_ms: int) -> Iterator[Publication]:
        if self._is_ours(said.device):
            name = said.device.device
            self._pictures[name] = self._pictures.get(name, Picture()).with_word(said.content)
            yield from self._show(name, now_ms)

    def _lose(self, device: DeviceAddress | None, now_ms: int) -> Iterator[Publication]:
        """Nobody knows how it does, or None: how any does. That is a death, until it is heard again."""
        ours = {device.device} if device is not None and self._is_ours(device) else set()
        for name in sorted(self._pictures if device is None else self._pictures.keys() & ours):
            self._pictures[name] = replace(self._pictures[name], status=None)
            yield from self._show(name, now_ms)

    def _show(self, name: str, now_ms: int) -> Iterator[Publication]:
        """Bring the host's picture of one device, and of how many there are, up to date."""
        if self._is_born:
            yield from self._differences(name, now_ms)
            yield from self._count(now_ms)

    def _differences(self, name: str, now_ms: int) -> Iterator[Publication]:
        picture, told = self._pictures.get(name), self._told.get(name)
        if picture is None or not picture.is_alive:
            if told is not None:
                del self._told[name]
                yield self._say("DDEATH", (), now_ms, name)
            return
        now = readings(picture)
        if told is None or _shape(told) != _shape(now):
            yield self._birth_of(name, now, now_ms)
        elif changed := {key: one for key, one in now.items() if one != told[key]}:
            self._told[name] = now
            yield self._say("DDATA", self._aliased(name, changed, now_ms), now_ms, name)

    def _births(self, now_ms: int) -> Iterator[Publication]:
        """NBIRTH with sequence 0, then every device that is alive (tck-id-payloads-ndata-order)."""
        alive = {name: readings(one) for name, one in sorted(self._pictures.items()) if one.is_alive}
        self._is_born, self._seq = True, 0
        self._aliases.clear()
        self._told = {"": self._node_readings(len(alive))}
        metrics = (
            Metric(DataType.INT64, self._bd_seq, now_ms, BD_SEQ),
            Metric(DataType.BOOLEAN, False, now_ms, REBIRTH),
            *self._declared("", self._told[""], now_ms),
        )
        yield self._say("NBIRTH", metrics, now_ms)
        for name, now in alive.items():
            yield self._birth_of(name, now, now_ms)

    def _birth_of(self, name: str, now: Readings, now_ms: int) -> Publication:
        self._told[name] = now
        return self._say("DBIRTH", self._declared(name, now, now_ms), now_ms, name)

    def _count(self, now_ms: int) -> Iterator[Publication]:
        """The node's own metrics, where they changed."""
        now = self._node_readings(len(self._told) - 1)
        changed = {key: one for key, one in now.items() if one != self._told[""][key]}
        if changed:
            self._told[""] = now
            yield self._say("NDATA", self._aliased("", changed, now_ms), now_ms)

    def _node_readings(self, online: int) -> Readings:
        return {
            "Properties/Version": Reading(DataType.STRING, self._version),
            "Devices/Known": Reading(DataType.INT64, len(self._pictures)),
            "Devices/Online": Reading(DataType.INT64, online),
        }

    def _declared(self, name: str, now: Readings, now_ms: int) -> tuple[Metric, ...]:
        """Metrics of a birth: name, alias and type; an alias is the edge node's own, not the device's."""
        return tuple(
            Metric(one.datatype, one.value, now_ms, key, self._aliases.setdefault((name, key), len(self._aliases)))
            for key, one in now.items()
        )

    def _aliased(self, name: str, changed: Readings, now_ms: int) -> tuple[Metric, ...]:
        return tuple(
            Metric(one.datatype, one.value, now_ms, alias=self._aliases[name, key]) for key, one in changed.items()
        )

    def _say(self, kind: str, metrics: tuple[Metric, ...], now_ms: int, device: str | None = None) -> Publication:
        payload = Payload(now_ms, metrics, self._seq)
        self._seq = (self._seq + 1) % SEQ_COUNT
        return Publication(self._topic(kind, device), self._codec.encode(payload))

    def _death(self, now_ms: int) -> Publication:
        """Of the node; carries bdSeq and no sequence, because the broker may say it at any time."""
        payload = Payload(now_ms, (Metric(DataType.INT64, self._bd_seq, now_ms, BD_SEQ),))
        return Publication(self._topic("NDEATH"), self._codec.encode(payload), qos=1)

    def _topic(self, kind: str, device: str | None = None) -> str:
        topic = f"{NAMESPACE}/{self._settings.group}/{kind}/{self._settings.edge_node}"
        return topic if device is None else f"{topic}/{device}"

    def _is_ours(self, device: DeviceAddress) -> bool:
        return (device.org, device.site) == (self._settings.org, self._settings.site)


def _state_topic(host: str | None) -> str:
    return f"{NAMESPACE}/STATE/{host}"


def _shape(told: Readings) -> list[tuple[str, DataType]]:
    return [(name, one.datatype) for name, one in told.items()]
