"""What a device says under its topics, as values and as bodies, for whoever listens to devices."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.alert import AlertEvent, Severity
from edge_contracts.device import Birth, InspectionPoint, PointState, Presence, State, Status
from edge_contracts.message import ClockTrust
from edge_contracts.topics import DeviceAddress
from edge_contracts.verdict import Outcome
from tests.fakes.arrivals import EPOCH, alert_body
from tests.fakes.letters import ADDRESS

STATION = ADDRESS
OTHER = DeviceAddress("plant", "hall", "station-2")
ABROAD = DeviceAddress("plant", "yard", "station-1")
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
DIGEST = "ab" * 32


def online(session: int = 1) -> Status:
    return Status(status=Presence.ONLINE, session=session)


def offline(session: int = 1) -> Status:
    return Status(status=Presence.OFFLINE, session=session)


def birth(*points: str, session: int = 1, **changes: Any) -> Birth:
    inspected = tuple(InspectionPoint(name=name, source="csi", bundle="parts", model=DIGEST) for name in points)
    texts = {"hardware": "Raspberry Pi 5", "system": "Debian 13", "python": "3.13", "runtime": "litert 2.1"}
    return Birth.model_validate(
        {"session": session, "epoch": EPOCH, "ack": "manager", "version": "0.1.0", "points": inspected}
        | texts
        | changes
    )


def state(*points: PointState, **changes: Any) -> State:
    figures = {
        "uptime_s": 12.5,
        "spool_depth": 3,
        "spool_age_s": 0.5,
        "disk_free_bytes": 1 << 33,
        "temperature_c": 51.5,
    }
    return State.model_validate({"time": NOON, "clk": ClockTrust.NTP, "points": points} | figures | changes)


def point(name: str = "line-1", good: int = 7, last: Outcome | None = Outcome.GOOD, **changes: Any) -> PointState:
    return PointState.model_validate(
        {"point": name, "last": last, "good": good, "defect": 1, "unknown": 2, "p95_ms": 8.25} | changes
    )


def alarm(kind: AlarmType = AlarmType.CAMERA, *, active: bool = True, reason: str = "the lens is covered") -> Alarm:
    return Alarm(
        type=kind,
        active=active,
        severity=Severity.CRITICAL,
        reason=reason,
        where=("line-1",) if active else (),
        count=1,
        first=NOON,
        last=NOON,
        clk=ClockTrust.NTP,
    )


def alert_event(seq: int = 1, part: str | None = None) -> AlertEvent:
    """An alert of the point `line-1`."""
    return AlertEvent.model_validate_json(alert_body(seq, part=part))


def body(word: Any) -> bytes:
    """As a device sends it."""
    return bytes(word.model_dump_json(exclude_none=True).encode())
