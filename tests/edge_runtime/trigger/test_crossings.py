from __future__ import annotations

import threading

import pytest

from edge_contracts.station import PictureHealth
from edge_contracts.station import PresenceTrigger as Settings
from edge_contracts.verdict import Cause
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Frame
from edge_runtime.occasion import Ailment, Occasion
from edge_runtime.picture_health import PictureCheck
from edge_runtime.trigger.backlog import TOLD_MAX
from edge_runtime.trigger.crossings import MOST, Crossings
from edge_runtime.trigger.presence_gate import PresenceGate
from edge_runtime.trigger.triggers import Lookout, PresenceTrigger
from tests.fakes.belt import PER_S, belt, crossed_by
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import frame

MS = 1_000_000


class Calls:
    """Calls for one part each time that it is asked; with an ailment where a test says so."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.number = 0
        self.ailment: Ailment | None = None
        self.error: Exception | None = None

    def next(self) -> Occasion | None:
        if self.error is not None:
            raise self.error
        self.number += 1
        return Occasion(f"{self.number}", frame(number=self.number), self.clock.now_ns(), self.ailment)


class Scene:
    """Parts that a test lets cross, and a loop that takes as long to judge one as the test says."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.calls = Calls(self.clock)
        self.crossings = Crossings("gate", self.calls, self.clock, within_s=0.5)

    def cross(self, parts: int = 1, every_s: float = 0.0) -> None:
        for _ in range(parts):
            self.clock.advance(every_s)
            self.crossings.look()

    def next(self) -> Occasion:
        occasion = self.crossings.next()
        assert occasion is not None
        return occasion


def cause(occasion: Occasion) -> Cause | None:
    return occasion.ailment.cause if occasion.ailment else None


class Camera:
    """Gives a picture of the belt 30 times a second of the clock."""

    live = True
    lost: str | None = None
    ended = False

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.number = 0

    def want(self) -> None:
        pass

    def take(self, timeout_s: float) -> Frame:
        del timeout_s
        self.number += 1
        return Frame(belt(self.number), self._clock.now_ns(), self.number)


@pytest.mark.parametrize(("judging_ms", "judged_at_least"), [(5, 0.99), (200, 0.95), (300, 0.7), (450, 0.4)])
def test_every_part_that_crosses_while_another_is_judged_has_a_verdict(
    judging_ms: float, judged_at_least: float
) -> None:
    clock = FakeClock()
    camera = Camera(clock)
    check = PictureCheck(PictureHealth(), frozen_frames=2)
    gate = PresenceGate(Settings(kind="presence"))
    trigger = PresenceTrigger(Lookout(camera, check, clock), clock, gate, interval_s=1.0)
    crossings = Crossings("gate", trigger, clock, within_s=0.5)
    told: list[Occasion] = []
    busy_until_ns = 0
    while camera.number < 400:
        clock.advance(1 / PER_S)
        crossings.look()
        if clock.now_ns() >= busy_until_ns and (occasion := crossings.next()) is not None:
            told.append(occasion)
            if occasion.ailment is None:
                busy_until_ns = clock.now_ns() + int(judging_ms * MS)
    told += crossings.leftovers()
    assert abs(len(told) - crossed_by(camera.number)) <= 1
    assert {cause(occasion) for occasion in told} <= {None, Cause.MISSED}
    judged = sum(occasion.ailment is None for occasion in told)
    assert judged >= judged_at_least * len(told)
    assert crossings.counts.missed == len(told) - judged


def test_a_part_waits_with_its_picture_for_its_turn() -> None:
    scene = Scene()
    scene.cross(3, every_s=0.05)
    told = [scene.next() for _ in range(3)]
    assert [(one.part, one.reading.number) for one in told if isinstance(one.reading, Frame)] == [
        ("1", 1),
        ("2", 2),
        ("3", 3),
    ]
    assert scene.crossings.counts.missed == 0


def test_more_pictures_than_may_wait_are_parts_that_were_missed() -> None:
    scene = Scene()
    scene.cross(MOST + 2)
    told = [scene.next() for _ in range(MOST + 2)]
    assert [cause(one) for one in told] == [None] * MOST + [Cause.MISSED] * 2
    assert [one.reading is None for one in told] == [False] * MOST + [True] * 2
    assert scene.crossings.counts.missed == 2
    scene.cross()
    assert cause(scene.next()) is None


def test_a_part_that_cannot_be_judged_in_time_any_more_is_missed_and_no_time_is_lost_on_it() -> None:
    scene = Scene()
    for _ in range(2):
        scene.cross()
        scene.next()
        scene.clock.advance(0.3)
    scene.cross()
    scene.next()
    scene.cross(every_s=0.05)
    scene.clock.advance(0.25)
    missed = scene.next()
    assert (cause(missed), missed.reading is None) == (Cause.MISSED, False)
    assert "found its turn after 250 ms, and that judging takes 300 ms" in str(missed.ailment)


def test_a_part_that_need_not_wait_is_judged_however_long_the_last_ones_took() -> None:
    scene = Scene()
    for _ in range(5):
        scene.cross(every_s=0.1)
        assert cause(scene.next()) is None
        scene.clock.advance(0.6)
        scene.crossings._note_how_long_the_last_took()


def test_one_part_that_hung_costs_no_part_that_waited_for_it() -> None:
    scene = Scene()
    for took_s in (0.005, 0.005, 0.45):
        scene.cross()
        scene.next()
        scene.clock.advance(took_s)
        scene.crossings._note_how_long_the_last_took()
    scene.cross()
    scene.clock.advance(0.4)
    assert cause(scene.next()) is None


def test_what_the_trigger_itself_says_of_a_picture_keeps_its_cause_however_late() -> None:
    scene = Scene()
    scene.calls.ailment = Ailment(Cause.DARK, "wanted light, found none")
    scene.cross(MOST + 1)
    scene.clock.advance(5)
    told = [scene.next() for _ in range(MOST + 1)]
    assert [cause(one) for one in told] == [Cause.DARK] * (MOST + 1)
    assert told[-1].reading is None


def test_parts_that_wait_when_the_point_ends_are_missed_and_none_is_accepted_after_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    scene.cross(2)
    left = scene.crossings.leftovers()
    assert [(one.part, cause(one), one.reading) for one in left] == [
        ("1", Cause.MISSED, None),
        ("2", Cause.MISSED, None),
    ]
    scene.cross()
    assert scene.crossings.leftovers() == []
    assert (scene.crossings.counts.missed, scene.crossings.counts.untold) == (3, 1)
    assert "is not inspected" in caplog.text


def test_what_waits_has_an_end() -> None:
    scene = Scene()
    scene.cross(TOLD_MAX + 5)
    assert len(scene.crossings.leftovers()) == TOLD_MAX
    assert scene.crossings.counts.untold == 5


def test_a_trigger_that_fails_tells_the_loop() -> None:
    scene = Scene()
    scene.calls.error = ValueError("wanted a picture of one size")
    scene.crossings.look()
    with pytest.raises(ValueError, match="of one size"):
        scene.crossings.next()


def test_its_thread_looks_while_nobody_asks_and_ends() -> None:
    looked = threading.Semaphore(0)

    class Slow:
        def next(self) -> Occasion | None:
            looked.release()
            threading.Event().wait(0.01)
            return Occasion("1", None, 0)

    crossings = Crossings("gate", Slow(), MonotonicClock(), within_s=0.5)
    crossings.start()
    for _ in range(3):
        assert looked.acquire(timeout=5)
    assert crossings.stop(5)
    assert crossings.counts.announced >= 2


def test_where_the_trigger_hangs_the_loop_is_stuck_until_the_point_stops() -> None:
    release = threading.Event()

    class Hangs:
        def next(self) -> Occasion | None:
            release.wait(30)
            return None

    crossings = Crossings("gate", Hangs(), MonotonicClock(), within_s=0.5)
    loop = threading.Thread(target=crossings.next, daemon=True)
    crossings.start()
    loop.start()
    loop.join(0.5)
    assert loop.is_alive()
    crossings.ask_to_stop()
    loop.join(5)
    assert not loop.is_alive()
    release.set()
    assert crossings.stop(5)


def test_the_moment_of_a_crossing_part_is_that_of_its_picture() -> None:
    scene = Scene()
    begun_ns = scene.clock.now_ns()
    scene.cross()
    scene.clock.advance(0.1)
    assert scene.next().triggered_at_ns == begun_ns
    assert scene.clock.now_ns() - begun_ns == NS_PER_S // 10
