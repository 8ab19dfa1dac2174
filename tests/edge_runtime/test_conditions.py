from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone

import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_contracts.message import ClockTrust
from edge_runtime.conditions import Conditions
from edge_runtime.outbox.delivery_clock import Moment

BEGIN = datetime(2026, 11, 21, tzinfo=timezone.utc)


class Bench:
    """A register whose wall clock a test moves."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.conditions = Conditions(lambda: Moment(int(self.now.timestamp() * 1000), 0, ClockTrust.NTP))

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def alarm(self, kind: AlarmType):
        return next(one for one in self.conditions.alarms() if one.type is kind)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_condition_is_told_when_it_begins_and_when_it_ends(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for found in (5, 4, 3):
            bench.conditions.set(AlarmType.DISK, "room", f"found {found} MB")
        bench.conditions.set(AlarmType.DISK, "room", None)
        bench.conditions.set(AlarmType.DISK, "room", None)
    assert [record.message for record in caplog.records] == ["disk (room): found 5 MB", "disk (room): over"]


def test_what_lasts_when_the_daemon_stops_is_not_told_as_over(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.conditions.set(AlarmType.CAMERA, "gate", "no picture")
    bench.conditions.hold()
    bench.conditions.set(AlarmType.CAMERA, "gate", None)
    assert bench.alarm(AlarmType.CAMERA).active
    assert ": over" not in caplog.text


def test_whether_a_condition_lasts_can_be_asked_by_place(bench: Bench) -> None:
    bench.conditions.set(AlarmType.DISK, "room", "full")
    assert bench.conditions.is_active(AlarmType.DISK)
    assert not bench.conditions.is_active(AlarmType.DISK, "writing")
    bench.conditions.set(AlarmType.DISK, "room", None)
    assert not bench.conditions.is_active(AlarmType.DISK, "room")


def test_what_gets_worse_is_told_again(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.conditions.set(AlarmType.POWER, "supply", "was too low", Severity.WARNING)
    bench.conditions.set(AlarmType.POWER, "supply", "is too low", Severity.CRITICAL)
    assert [record.levelname for record in caplog.records] == ["WARNING", "CRITICAL"]
    assert bench.alarm(AlarmType.POWER).severity is Severity.CRITICAL
    assert bench.alarm(AlarmType.POWER).count == 1


def test_an_alarm_counts_its_beginnings_and_knows_first_and_last(bench: Bench) -> None:
    for _ in range(3):
        bench.conditions.set(AlarmType.CAMERA, "gate", "dark")
        bench.pass_s(10)
        bench.conditions.set(AlarmType.CAMERA, "gate", None)
        bench.pass_s(10)
    alarm = bench.alarm(AlarmType.CAMERA)
    assert (alarm.active, alarm.count, alarm.first, alarm.last) == (False, 3, BEGIN, BEGIN + timedelta(seconds=50))
    assert alarm.reason == "dark"


def test_one_type_has_one_alarm_however_many_points_it_concerns(bench: Bench) -> None:
    bench.conditions.set(AlarmType.CAMERA, "gate", "dark", Severity.WARNING)
    bench.conditions.set(AlarmType.CAMERA, "exit", "lost", Severity.CRITICAL)
    alarm = bench.alarm(AlarmType.CAMERA)
    assert (alarm.where, alarm.severity, alarm.reason) == (("exit", "gate"), Severity.CRITICAL, "lost")
    bench.conditions.set(AlarmType.CAMERA, "exit", None)
    alarm = bench.alarm(AlarmType.CAMERA)
    assert (alarm.active, alarm.where, alarm.reason) == (True, ("gate",), "dark")


def test_every_type_can_be_told_so_that_what_a_broker_retained_is_corrected(bench: Bench) -> None:
    bench.conditions.set(AlarmType.DISK, "room", "full")
    assert [alarm.type for alarm in bench.conditions.alarms()] == list(AlarmType)
    assert [alarm.type for alarm in bench.conditions.alarms() if alarm.active] == [AlarmType.DISK]
    assert bench.conditions.active() == (AlarmType.DISK,)


def test_a_reason_of_any_length_fits_its_message(bench: Bench) -> None:
    bench.conditions.set(AlarmType.CAMERA, "gate", "ü" * 9000)
    assert len(bench.alarm(AlarmType.CAMERA).model_dump_json().encode()) <= 4096
