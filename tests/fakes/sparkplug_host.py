"""A host application that believes nothing: holds every message of an edge node against Sparkplug 3.0.0.

It knows the specification and the bytes, and nothing of the edge node. Each assertion names the rule that it checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.sparkplug_wire import SaidPayload, read_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_manager.adapters.publication import Publication

VALUE_FIELDS = {4: "long_value", 10: "double_value", 11: "boolean_value", 12: "string_value"}
"""The field that carries each datatype that we know: Int64, Double, Boolean, String (6.4.16)."""
NODE = ""


@dataclass
class KnownMetric:
    name: str
    datatype: int
    value: Any


@dataclass
class SparkplugHost:
    """What a host knows of one edge node.

    metrics: of each device that is alive, by name; the node's own under ''. read: bytes to a payload.
    """

    group: str
    node: str
    read: Callable[[bytes], SaidPayload] = read_payload
    is_online: bool = False
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    births: int = 0
    dead_devices: list[str] = field(default_factory=list)
    _will_bd_seq: int | None = None
    _last_connect_bd_seq: int | None = None
    _seq: int | None = None
    _owners: dict[int, tuple[str, str, int]] = field(default_factory=dict)

    def connects(self, will: Publication) -> None:
        """The edge node's CONNECT, with its will."""
        assert will.topic == f"spBv1.0/{self.group}/NDEATH/{self.node}", "tck-id-topics-ndeath-topic"
        assert will.qos == 1, "tck-id-payloads-ndeath-will-message-qos"
        assert not will.retain, "tck-id-payloads-ndeath-will-message-retain"
        bd_seq = self._death_number(self.read(will.body))
        expected = 0 if self._last_connect_bd_seq is None else (self._last_connect_bd_seq + 1) % 256
        assert bd_seq == expected, "tck-id-topics-nbirth-bdseq-increment"
        self._will_bd_seq = self._last_connect_bd_seq = bd_seq

    def cut(self) -> None:
        """The broker says the will."""
        self._die()

    def hears(self, message: Publication) -> None:
        """One message of the edge node."""
        levels = message.topic.split("/")
        assert levels[:2] == ["spBv1.0", self.group], "tck-id-topic-structure-namespace-a"
        kind, node, device = levels[2], levels[3], levels[4] if len(levels) > 4 else None
        assert node == self.node, "tck-id-topic-structure-namespace-edge-node-id"
        assert (device is not None) == kind.startswith("D"), "tck-id-topic-structure-namespace-device-id"
        assert message.qos == (1 if kind == "NDEATH" else 0), f"tck-id-payloads-{kind.lower()}-qos"
        assert not message.retain, f"tck-id-payloads-{kind.lower()}-retain"
        payload = self.read(message.body)
        assert payload.timestamp is not None, f"tck-id-payloads-{kind.lower()}-timestamp"
        if kind == "NDEATH":
            assert self._death_number(payload) == self._will_bd_seq, "tck-id-payloads-ndeath-bdseq"
            self._die()
            return
        self._check_sequence(kind, payload)
        for metric in payload.metrics:
            assert metric.timestamp is not None, "tck-id-payloads-name-birth-data-requirement"
        {"NBIRTH": self._nbirth, "DBIRTH": self._dbirth, "NDATA": self._data, "DDATA": self._data}.get(
            kind, self._ddeath
        )(device, payload)

    def _check_sequence(self, kind: str, payload: SaidPayload) -> None:
        assert payload.seq is not None, f"tck-id-payloads-{kind.lower()}-seq"
        assert 0 <= payload.seq <= 255, "tck-id-payloads-sequence-num-always-included"
        if kind == "NBIRTH":
            assert payload.seq == 0, "tck-id-topics-nbirth-seq-num"
        else:
            assert self.is_online, f"tck-id-payloads-{kind.lower()}-order"
            assert self._seq is not None
            assert payload.seq == (self._seq + 1) % 256, f"tck-id-payloads-{kind.lower()}-seq-inc"
        self._seq = payload.seq

    def _nbirth(self, device: str | None, payload: SaidPayload) -> None:
        assert device is None
        assert self._will_bd_seq is not None, "tck-id-message-flow-edge-node-birth-publish-connect"
        number = payload.metric("bdSeq")
        assert (number.datatype, number.value) == (4, self._will_bd_seq), "tck-id-topics-nbirth-bdseq-matching"
        rebirth = payload.metric("Node Control/Rebirth")
        assert rebirth.datatype == 11, "tck-id-operational-behavior-data-commands-rebirth-datatype"
        assert rebirth.value is False, "tck-id-operational-behavior-data-commands-rebirth-value"
        assert rebirth.alias is None, "tck-id-operational-behavior-data-commands-rebirth-name-aliases"
        self.is_online, self.births = True, self.births + 1
        self.metrics.clear()
        self._owners.clear()
        self._declare(NODE, payload)

    def _dbirth(self, device: str | None, payload: SaidPayload) -> None:
        assert device
        self._declare(device, payload)

    def _declare(self, device: str, payload: SaidPayload) -> None:
        names = [metric.name for metric in payload.metrics]
        assert None not in names, "tck-id-payloads-name-requirement"
        assert len(set(names)) == len(names), "a name is declared twice"
        self._owners = {alias: owner for alias, owner in self._owners.items() if owner[0] != device}
        for metric in payload.metrics:
            assert metric.datatype in VALUE_FIELDS, "tck-id-payloads-metric-datatype-req"
            self._check_value(metric.datatype, metric)
            if metric.alias is not None:
                assert metric.alias not in self._owners, "tck-id-payloads-alias-uniqueness"
                self._owners[metric.alias] = (device, metric.name, metric.datatype)
        self.metrics[device] = {metric.name: metric.value for metric in payload.metrics}

    def _data(self, device: str | None, payload: SaidPayload) -> None:
        device = device or NODE
        assert device in self.metrics, "tck-id-payloads-ddata-order"
        assert payload.metrics, "a message of nothing"
        for metric in payload.metrics:
            assert metric.name is None, "tck-id-payloads-alias-data-cmd-requirement"
            assert metric.datatype is None, "tck-id-payloads-metric-datatype-not-req"
            assert metric.alias in self._owners, "tck-id-topics-dbirth-metric-reqs"
            owner, name, datatype = self._owners[metric.alias]
            assert owner == device, "tck-id-payloads-alias-uniqueness"
            self._check_value(datatype, metric)
            assert self.metrics[device][name] != metric.value, "a value that has not changed (report by exception)"
            self.metrics[device][name] = metric.value

    def _ddeath(self, device: str | None, payload: SaidPayload) -> None:
        assert device in self.metrics, "a device dies that was never born"
        assert not payload.metrics, "tck-id-payloads-ddeath-seq-number"
        del self.metrics[device]
        self.dead_devices.append(device)

    def _check_value(self, datatype: int, metric: Any) -> None:
        if metric.is_null:
            assert metric.kind is None, "tck-id-payloads-metric-is-null"
        else:
            assert metric.kind == VALUE_FIELDS[datatype], "tck-id-payloads-metric-datatype-value"

    def _death_number(self, payload: SaidPayload) -> int:
        assert payload.seq is None, "tck-id-payloads-ndeath-seq"
        assert [metric.name for metric in payload.metrics] == ["bdSeq"], "tck-id-topics-ndeath-payload"
        assert payload.metrics[0].datatype == 4
        return int(payload.metrics[0].value)

    def _die(self) -> None:
        self.is_online, self._will_bd_seq, self._seq = False, None, None
        self.metrics.clear()
