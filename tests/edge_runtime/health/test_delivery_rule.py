from __future__ import annotations

from dataclasses import dataclass

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_runtime.conditions import Conditions
from edge_runtime.health.delivery_rule import PATIENCE_S, alert_trouble, judge_delivery
from edge_runtime.outbox.delivery_clock import Moment


@dataclass
class Way:
    alert_waits_s: float = 0.0
    picture_waits_s: float = 0.0


def test_what_waits_for_the_disk_is_an_alarm_until_it_is_written() -> None:
    conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NTP))
    way = Way(PATIENCE_S, PATIENCE_S)
    judge_delivery(way, conditions)
    assert alert_trouble(way) is None
    assert not conditions.is_active(AlarmType.DISK)
    way.alert_waits_s = 12.0
    judge_delivery(way, conditions)
    assert conditions.is_active(AlarmType.DISK, "alerts")
    assert not conditions.is_active(AlarmType.DISK, "evidence")
    assert "12" in (alert_trouble(way) or "")
    way.alert_waits_s, way.picture_waits_s = 0.0, 12.0
    judge_delivery(way, conditions)
    assert not conditions.is_active(AlarmType.DISK, "alerts")
    assert conditions.is_active(AlarmType.DISK, "evidence")
