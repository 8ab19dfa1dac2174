"""Reads Sparkplug B payloads from the protobuf wire format itself: no library, no descriptor, nothing of the product.

Field numbers are those of the specification's appendix (sparkplug_b.proto); a field that is not there is an error.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
PAYLOAD = {1: "timestamp", 2: "metrics", 3: "seq"}
METRIC = {1: "name", 2: "alias", 3: "timestamp", 4: "datatype", 7: "is_null"}
VALUES = {10: "int_value", 11: "long_value", 12: "float_value", 13: "double_value", 14: "boolean_value"}
VALUES |= {15: "string_value"}


@dataclass
class SaidMetric:
    """What is absent is None."""

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    datatype: int | None = None
    is_null: bool = False
    kind: str | None = None
    value: Any = None


@dataclass
class SaidPayload:
    timestamp: int | None = None
    seq: int | None = None
    metrics: list[SaidMetric] = field(default_factory=list)

    def metric(self, name: str) -> SaidMetric:
        (found,) = [one for one in self.metrics if one.name == name]
        return found


def read_payload(data: bytes) -> SaidPayload:
    found = SaidPayload()
    for number, value in _fields(data):
        if PAYLOAD[number] == "metrics":
            found.metrics.append(_metric(value))
        else:
            setattr(found, PAYLOAD[number], value)
    return found


def _metric(data: bytes) -> SaidMetric:
    found = SaidMetric()
    for number, value in _fields(data):
        if number in VALUES:
            assert found.kind is None, "two values in one metric"
            found.kind, found.value = VALUES[number], _value(VALUES[number], value)
        else:
            setattr(found, METRIC[number], value.decode() if METRIC[number] == "name" else value)
    found.is_null = bool(found.is_null)
    return found


def _value(kind: str, value: Any) -> Any:
    if kind == "string_value":
        return value.decode()
    if kind == "double_value":
        return struct.unpack("<d", value)[0]
    return bool(value) if kind == "boolean_value" else value


def _fields(data: bytes) -> list[tuple[int, Any]]:
    found, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
        elif wire == BYTES:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            length = 8 if wire == FIXED64 else 4
            value, at = data[at : at + length], at + length
        found.append((number, value))
    assert at == len(data), "the message is cut"
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
