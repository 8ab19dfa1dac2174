"""What a device says of itself: online or not, what it is, how it does."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from edge_contracts.alarm import AlarmType
from edge_contracts.identifiers import Boot, Epoch, Sha256, Slug
from edge_contracts.message import SEQ_MAX, ClockTrust, Payload
from edge_contracts.verdict import Outcome

LONGEST_UP_S: Final = 1e9
"""Thirty years; a longer time is a clock gone wrong, and is refused."""


class Presence(str, Enum):
    """Whether the device's session is alive."""

    ONLINE = "online"
    OFFLINE = "offline"


class Status(Payload):
    """Birth and will of a session; a will whose counter is older than the last birth's is ignored."""

    status: Presence
    session: Annotated[int, Field(ge=1, le=SEQ_MAX)]


class InspectionPoint(Payload):
    """One camera or microphone of the device and the model that judges it."""

    name: Slug
    source: str
    bundle: str
    model: Sha256


class Birth(Payload):
    """The inventory, sent at every connection; at most 8 kB.

    Attributes:
        capabilities: what the device can that not each can; `stats` where its minutes are told, `upload` where
            it brings its pictures and sounds, `desired` where it takes configurations, `cmd/…` for each command.
        boot, mono: which run of the board this is, and for how many milliseconds. A birth is heard when it is said, so
            it tells what the board's monotonic clock means, whatever its wall clock says.
    """

    session: Annotated[int, Field(ge=1, le=SEQ_MAX)]
    epoch: Epoch
    version: str
    hardware: str
    system: str
    python: str
    runtime: str
    ack: Literal["manager", "broker"]
    points: tuple[InspectionPoint, ...]
    certificate_end: AwareDatetime | None = None
    capabilities: tuple[str, ...] = ()
    boot: Boot | None = None
    mono: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None


class PointState(Payload):
    """What one inspection point did since the daemon started; `last` is absent until there was a part."""

    point: Slug
    last: Outcome | None = None
    good: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    defect: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    unknown: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    p95_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class State(Payload):
    """Health, once per period; at most 4 kB, which is room for sixteen points."""

    time: AwareDatetime
    clk: ClockTrust
    uptime_s: Annotated[float, Field(ge=0, le=LONGEST_UP_S)]
    spool_depth: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    spool_age_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    disk_free_bytes: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    temperature_c: Annotated[float, Field(allow_inf_nan=False)] | None = None
    points: tuple[PointState, ...]
    throttled: bool | None = None
    under_voltage: bool | None = None
    busy: Annotated[float, Field(ge=0, le=1)] | None = None
    memory_free_bytes: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    flash_bytes_per_day: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    governor_level: Annotated[int, Field(ge=0)] | None = None
    conditions: tuple[AlarmType, ...] = ()
