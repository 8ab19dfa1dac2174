"""The envelope of everything that a device says: CloudEvents 1.0, structured JSON, with our order and clock beside it.

Order is (device, epoch, seq), never time. New fields are optional; receivers ignore fields that they do not know.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, StringConstraints

from edge_contracts.identifiers import Epoch, Uuid
from edge_contracts.plain_numbers import PlainNumbers
from edge_contracts.wire_time import WireTime

MAX_ALERT_BYTES = 4096
MAX_BIRTH_BYTES = 8192
MAX_STATE_BYTES = 4096
"""Six busy points fit in 1 kB; sixteen do not, whose longest names alone are half of it. They need less than 3 kB."""
SEQ_MAX = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly; no integer on the wire is larger, so each fits SQLite."""
COUNT_MAX = 10**9
"""No message counts more parts; so no sum of counts leaves the 64 bits of a database."""

Seq = Annotated[int, Field(ge=1, le=SEQ_MAX)]


class Payload(PlainNumbers):
    """The `data` of a message; frozen, tolerant of fields from newer senders."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ClockTrust(str, Enum):
    """How far the device's wall clock is trusted: not at all, above a durable floor, or set by NTP."""

    NONE = "none"
    FLOOR = "floor"
    NTP = "ntp"


PayloadT = TypeVar("PayloadT", bound=Payload)


class Event(PlainNumbers, Generic[PayloadT]):
    """One spooled message.

    Attributes:
        id: UUIDv7, made once when spooled; a re-send keeps it.
        source: `lepton/1/{org}/{site}/{device}`.
        type: `lepton.{kind}.v{major}`.
        time: the device's wall clock, RFC 3339, years 1970 to 2999; for people, never for order.
        epoch, seq: the spool's life and the place in it.
        clk: how far `time` is trusted.
        mono: the device's monotonic clock in milliseconds since it booted.
        data: the payload.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Uuid
    source: Annotated[str, StringConstraints(pattern=r"^lepton/1(/[a-z0-9-]{1,32}){3}$")]
    type: str
    time: WireTime
    datacontenttype: Literal["application/json"] = "application/json"
    epoch: Epoch
    seq: Seq
    clk: ClockTrust = ClockTrust.NONE
    mono: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    data: PayloadT
