"""What of a device is shown to a SCADA system, as metrics by name.

A metric that a device has not said yet is null, so that each birth names every metric that will ever come
(tck-id-topics-dbirth-metric-reqs).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.device import Birth, PointState, Presence, State, Status
from fleet_manager.adapters.sparkplug.payload import DataType, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_contracts.alert import Alert, AlertEvent
    from fleet_manager.adapters.news import Content

Readings: TypeAlias = "dict[str, Reading]"


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric's type and value."""

    datatype: DataType
    value: Value


@dataclass(frozen=True, slots=True)
class Picture:
    """The last of everything that a device said."""

    status: Status | None = None
    birth: Birth | None = None
    state: State | None = None
    alarms: Mapping[AlarmType, Alarm] = field(default_factory=dict)
    alerts: Mapping[str, AlertEvent] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether it is online and has said what it is."""
        return self.birth is not None and self.status is not None and self.status.status is Presence.ONLINE

    def with_word(self, content: Content) -> Picture:
        """The picture after one more word."""
        if isinstance(content, Status):
            return replace(self, status=content)
        if isinstance(content, Birth):
            return replace(self, birth=content)
        if isinstance(content, State):
            return replace(self, state=content)
        if isinstance(content, Alarm):
            return replace(self, alarms={**self.alarms, content.type: content})
        return replace(self, alerts={**self.alerts, content.data.point: content})


def readings(picture: Picture) -> Readings:
    """Every metric of a device that has been born, in the order of the page on Sparkplug; empty before its birth."""
    if picture.birth is None:
        return {}
    found = _about(picture.birth) | _health(picture.state)
    for kind in AlarmType:
        found |= _alarm(kind, picture.alarms.get(kind))
    states = {} if picture.state is None else {one.point: one for one in picture.state.points}
    for point in picture.birth.points:
        event = picture.alerts.get(point.name)
        found |= _point(point.name, states.get(point.name)) | _alert(point.name, None if event is None else event.data)
    return found


def _about(birth: Birth) -> Readings:
    return {
        "Properties/Hardware": Reading(DataType.STRING, birth.hardware),
        "Properties/System": Reading(DataType.STRING, birth.system),
        "Properties/Version": Reading(DataType.STRING, birth.version),
        "Properties/Runtime": Reading(DataType.STRING, birth.runtime),
    }


def _health(state: State | None) -> Readings:
    return {
        "Health/Temperature": Reading(DataType.DOUBLE, None if state is None else state.temperature_c),
        "Health/Disk Free": Reading(DataType.INT64, None if state is None else state.disk_free_bytes),
        "Health/Spool Depth": Reading(DataType.INT64, None if state is None else state.spool_depth),
        "Health/Spool Age": Reading(DataType.DOUBLE, None if state is None else state.spool_age_s),
    }


def _alarm(kind: AlarmType, alarm: Alarm | None) -> Readings:
    first = f"Alarms/{kind.value}"
    return {
        f"{first}/Active": Reading(DataType.BOOLEAN, None if alarm is None else alarm.active),
        f"{first}/Severity": Reading(DataType.STRING, None if alarm is None else alarm.severity.value),
        f"{first}/Reason": Reading(DataType.STRING, None if alarm is None else alarm.reason),
    }


def _point(point: str, state: PointState | None) -> Readings:
    first = f"Points/{point}"
    last = None if state is None or state.last is None else state.last.value
    return {
        f"{first}/Last Verdict": Reading(DataType.STRING, last),
        f"{first}/Good": Reading(DataType.INT64, None if state is None else state.good),
        f"{first}/Defect": Reading(DataType.INT64, None if state is None else state.defect),
        f"{first}/Unknown": Reading(DataType.INT64, None if state is None else state.unknown),
        f"{first}/p95": Reading(DataType.DOUBLE, None if state is None else state.p95_ms),
    }


def _alert(point: str, alert: Alert | None) -> Readings:
    first = f"Points/{point}/Last Alert"
    return {
        f"{first}/Part": Reading(DataType.STRING, None if alert is None else alert.part),
        f"{first}/Verdict": Reading(DataType.STRING, None if alert is None else alert.outcome.value),
        f"{first}/Cause": Reading(DataType.STRING, None if alert is None else alert.cause.value),
        f"{first}/Reason": Reading(DataType.STRING, None if alert is None else alert.reason),
        f"{first}/Severity": Reading(DataType.STRING, None if alert is None else alert.severity.value),
    }
