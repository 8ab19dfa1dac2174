"""A Sparkplug B payload as values; `codec.py` turns it into bytes and back.

Source of names and rules: Eclipse Sparkplug 3.0.0, chapter 6 (payloads).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

Value: TypeAlias = int | float | bool | str | None
SEQ_COUNT = 256
"""Sequence numbers and bdSeq go from 0 to 255 and begin anew (tck-id-payloads-sequence-num-incrementing)."""


class DataType(IntEnum):
    """The types that we use, by their number in the specification (6.4.16)."""

    INT64 = 4
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12


@dataclass(frozen=True, slots=True)
class Metric:
    """One value.

    datatype: travels only beside a name; the birth has declared an alias (tck-id-payloads-metric-datatype-not-req).
    value: None travels as null.
    timestamp_ms: Unix time when the edge node learned of the value.
    name: in births and where there is no alias. alias: the number that stands for the name until the next NBIRTH.
    """

    datatype: DataType
    value: Value
    timestamp_ms: int
    name: str | None = None
    alias: int | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """What one message carries; `seq` None in NDEATH and NCMD."""

    timestamp_ms: int
    metrics: tuple[Metric, ...] = ()
    seq: int | None = None
