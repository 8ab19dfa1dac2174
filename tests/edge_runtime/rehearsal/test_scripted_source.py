"""The camera's stand-in gives live pictures, and each fault as its timetable says, on an injected clock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.message import ClockTrust
from edge_runtime.capture.source import BadReading, SourceLost, build_source
from edge_runtime.frames import Frame
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.rehearsal.fault import Fault, FaultKind
from edge_runtime.rehearsal.jumping_clock import JumpingClock
from edge_runtime.rehearsal.scripted_source import ScriptedCamera
from edge_runtime.rehearsal.timetable import Timetable
from tests.fakes.clock import FakeClock
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from edge_runtime.rehearsal.scripted_source import ScriptedSource

PERIOD_S = 0.5


def source(kind: FaultKind, *, by_s: float = 0.0, point: str | None = None) -> tuple[ScriptedSource, FakeClock]:
    """A camera of two pictures per second whose fault lasts from 1.9 s to 5.9 s."""
    clock = FakeClock()
    timetable = Timetable([Fault(kind, 1.9, 4.0, point, by_s)], clock)
    timetable.begin()
    pictures = [picture(100), picture(110)]
    camera = ScriptedCamera(point="gate", path="good", period_s=PERIOD_S, pictures=pictures, timetable=timetable)
    made = build_source(camera, clock, threading.Event())
    made.open()
    return made, clock


def readings(made: ScriptedSource, count: int) -> list[Frame]:
    found = []
    for _ in range(count):
        made.advance()
        found.append(made.reading())
    return found


def test_pictures_come_at_the_camera_s_pace_and_none_is_like_another() -> None:
    made, clock = source(FaultKind.DISK_FULL)
    began_ns = clock.now_ns()
    frames = readings(made, 8)
    assert [frame.number for frame in frames] == list(range(1, 9))
    assert clock.now_ns() - began_ns == pytest.approx(8 * PERIOD_S * 1e9)
    assert all(not np.array_equal(one.pixels, other.pixels) for one in frames for other in frames if one is not other)


def test_a_frozen_camera_repeats_its_last_picture_and_then_lives_again() -> None:
    made, _ = source(FaultKind.SOURCE_FREEZES)
    frames = readings(made, 13)
    assert np.array_equal(frames[2].pixels, frames[3].pixels)
    assert np.array_equal(frames[2].pixels, frames[10].pixels)
    assert not np.array_equal(frames[2].pixels, frames[12].pixels)
    assert frames[3].captured_at_ns > frames[2].captured_at_ns


@pytest.mark.parametrize(("kind", "grey"), [(FaultKind.PICTURE_DARK, 1), (FaultKind.PICTURE_BRIGHT, 254)])
def test_a_lamp_that_fails_shows(kind: FaultKind, grey: int) -> None:
    frames = readings(source(kind)[0], 5)
    assert 90 < frames[2].pixels.mean() < 120
    assert frames[4].pixels.mean() == pytest.approx(grey, abs=1)


def test_garbage_is_a_bad_reading() -> None:
    made, _ = source(FaultKind.PICTURE_GARBAGE)
    assert [type(one) for one in readings(made, 4)] == [Frame, Frame, Frame, BadReading]


def test_a_camera_that_lags_gives_old_pictures() -> None:
    made, clock = source(FaultKind.SOURCE_LAGS, by_s=7)
    readings(made, 3)
    (late,) = readings(made, 1)
    assert clock.now_ns() - late.captured_at_ns == 7_000_000_000


def test_a_dead_camera_is_lost_and_cannot_be_opened_until_it_lives() -> None:
    made, clock = source(FaultKind.SOURCE_DIES)
    with pytest.raises(SourceLost):
        readings(made, 10)
    with pytest.raises(SourceLost, match="acted out"):
        made.open()
    clock.advance(4)
    made.open()
    assert readings(made, 1)[0].number == 1


def test_a_camera_that_stalls_is_silent_and_then_lost() -> None:
    made, clock = source(FaultKind.SOURCE_STALLS)
    readings(made, 3)
    silent_since_ns = clock.now_ns()
    with pytest.raises(SourceLost, match="silence"):
        made.advance()
    assert 2.0 <= (clock.now_ns() - silent_since_ns) / 1e9 < 2.2


def test_another_point_s_fault_is_not_mine() -> None:
    made, _ = source(FaultKind.SOURCE_DIES, point="lid")
    assert len(readings(made, 10)) == 10


def test_nothing_goes_wrong_before_the_rehearsal_begins() -> None:
    clock = FakeClock()
    timetable = Timetable([Fault(FaultKind.SOURCE_DIES, 0, 100)], clock)
    assert timetable.active("gate", {FaultKind.SOURCE_DIES}) is None
    timetable.begin()
    assert timetable.active("gate", {FaultKind.SOURCE_DIES}) is not None


def test_the_wall_clock_jumps_and_the_monotonic_one_does_not() -> None:
    clock = FakeClock()
    timetable = Timetable([Fault(FaultKind.CLOCK_JUMPS, 0, 10, by_s=-4e9)], clock)
    real = SteadyClock()
    assert JumpingClock(real, timetable).now() == real.now()
    timetable.begin()
    jumped = JumpingClock(real, timetable).now()
    assert (jumped.unix_ms, jumped.mono_ms) == (0, real.now().mono_ms)


class SteadyClock:
    """All clocks stand still."""

    @staticmethod
    def now() -> Moment:
        return Moment(1_700_000_000_000, 5_000, ClockTrust.NTP)
