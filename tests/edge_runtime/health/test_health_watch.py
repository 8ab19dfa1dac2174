from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_contracts.station import Board, StationConfig
from edge_contracts.station import Station as Identity
from edge_runtime.cameras import Cameras
from edge_runtime.conditions import Conditions
from edge_runtime.health.health_watch import HealthWatch
from edge_runtime.health.station_health import StationHealth
from edge_runtime.health.verdict_watch import VerdictWatch
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.pace import Paces
from tests.fakes.clock import FakeClock
from tests.fakes.parts import point

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_round_that_fails_is_told_once_and_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def fails() -> None:
        raise ValueError("nonsense in a file of the kernel's")

    watch = HealthWatch([fails, lambda: done.append(1)], FakeClock(), 5.0)
    for _ in range(3):
        watch.make_rounds()
    assert (len(done), watch.faults, len(caplog.records)) == (3, 3, 1)


def test_the_rounds_are_made_each_period_until_the_end() -> None:
    begun, made = threading.Event(), threading.Event()
    clock = FakeClock(answers=begun)

    def work() -> None:
        begun.set()
        if len(clock.waits_s) >= 3:
            made.set()

    watch = HealthWatch([work], clock, 7.0)
    watch.start()
    assert made.wait(10)
    assert watch.stop(10.0)
    assert set(clock.waits_s) == {7.0}


class Station:
    """A station's health over clocks that a test moves."""

    def __init__(self, folder: Path, trust: ClockTrust, clock: FakeClock, **board: int) -> None:
        config = StationConfig(station=Identity(org="a", site="b", device="c"), points=(point(),), board=Board(**board))
        self.clock, self.delivery_clock = clock, StillClock(trust)
        self.conditions = Conditions(self.delivery_clock.now)
        self.verdict_watch = VerdictWatch(self.conditions)
        self.health = StationHealth(config, folder, self, Cameras(), Paces(), ())

    def make_rounds(self) -> None:
        for one in self.health.rounds():
            one()


class StillClock:
    """Says 1970."""

    def __init__(self, trust: ClockTrust) -> None:
        self._trust = trust

    def now(self) -> Moment:
        return Moment(unix_ms=0, mono_ms=0, trust=self._trust)


def test_a_clock_that_nobody_sets_is_told_after_ten_minutes(tmp_path: Path) -> None:
    clock = FakeClock()
    unset, ntp = Station(tmp_path, ClockTrust.NONE, clock), Station(tmp_path, ClockTrust.NTP, clock)
    for minutes, told in [(0, False), (9, False), (2, True)]:
        clock.advance(minutes * 60)
        unset.make_rounds()
        ntp.make_rounds()
        assert unset.conditions.is_active(AlarmType.CLOCK) is told
        assert not ntp.conditions.is_active(AlarmType.CLOCK)


def test_the_state_tells_what_the_rounds_found(tmp_path: Path) -> None:
    station = Station(tmp_path, ClockTrust.NTP, FakeClock(), disk_free_bytes=1 << 62, memory_free_bytes=0)
    station.make_rounds()
    summary = station.health.summary()
    assert AlarmType.DISK in summary.conditions
    assert summary.memory_free_bytes
    assert summary.flash_bytes_per_day is not None
    assert summary.governor_level is None
