"""What a device says of itself: online or not, what it is, how it does."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from edge_contracts.identifiers import Epoch, Sha256, Slug
from edge_contracts.message import ClockTrust, Payload
from edge_contracts.verdict import Outcome


class Presence(str, Enum):
    """Whether the device's session is alive."""

    ONLINE = "online"
    OFFLINE = "offline"


class Status(Payload):
    """Birth and will of a session; a will whose counter is older than the last birth's is ignored."""

    status: Presence
    session: Annotated[int, Field(ge=1)]


class InspectionPoint(Payload):
    """One camera or microphone of the device and the model that judges it."""

    name: Slug
    source: str
    bundle: str
    model: Sha256


class Birth(Payload):
    """The inventory, sent at every connection; at most 8 kB."""

    session: Annotated[int, Field(ge=1)]
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


class PointState(Payload):
    """What one inspection point did since the daemon started."""

    point: Slug
    last: Outcome | None
    good: Annotated[int, Field(ge=0)]
    defect: Annotated[int, Field(ge=0)]
    unknown: Annotated[int, Field(ge=0)]
    p95_ms: Annotated[float, Field(ge=0)] | None = None


class State(Payload):
    """Health, once per period; at most 1 kB."""

    time: AwareDatetime
    clk: ClockTrust
    uptime_s: Annotated[float, Field(ge=0)]
    spool_depth: Annotated[int, Field(ge=0)]
    spool_age_s: Annotated[float, Field(ge=0)]
    disk_free_bytes: Annotated[int, Field(ge=0)]
    temperature_c: float | None = None
    points: tuple[PointState, ...]
