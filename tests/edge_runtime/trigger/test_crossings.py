from __future__ import annotations

import threading
from typing import TYPE_CHECKING

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
from tests.fakes.slow_log import SlowLog, slow_log_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MS = 1_000_000


class Calls:
    """Calls for one part each time that it is asked; with an ailment where a test says so."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.number = 0
        self.ailment: Ailment | None = None
        self.error: Exception | None = None
        self.is_empty = False

    def next(self) -> Occasion | None:
        if self.error is not None:
            raise self.error
        if self.is_empty:
            return None
        self.number += 1
        now_ns = self.clock.now_ns()
        return Occasion(f"{self.number}", frame(now_ns, number=self.number), now_ns, self.ailment)


class Scene:
    """Parts that a test lets cross, and a loop that takes as long to judge one as the test says."""

    def __init__(self, *, within_s: float = 0.5, max_age_s: float = 1.0, may_wait: bool = True) -> None:
        self.clock = FakeClock()
        self.calls = Calls(self.clock)
        self.crossings = Crossings(
            "gate", self.calls, self.clock, within_s=within_s, max_age_s=max_age_s, may_wait=may_wait
        )

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
    crossings = Crossings("gate", trigger, clock, within_s=0.5, max_age_s=1.0)
    told: list[Occasion] = []
    busy_until_ns = 0
    while camera.number < 400:
        clock.advance(1 / PER_S)
        crossings.look()
        is_free = clock.now_ns() >= busy_until_ns and crossings._waits.is_set()
        if is_free and (occasion := crossings.next()) is not None:
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
    assert "judged within 500 ms, which takes 300 ms, found its turn after 250 ms" in str(missed.ailment)


def test_a_part_that_waited_until_its_picture_was_too_old_is_missed() -> None:
    scene = Scene(within_s=3.0, max_age_s=0.2)
    scene.cross()
    scene.next()
    scene.cross(every_s=0.05)
    scene.clock.advance(0.25)
    missed = scene.next()
    assert cause(missed) is Cause.MISSED
    assert "wanted a picture of at most 200 ms, found its turn after 250 ms" in str(missed.ailment)
    assert scene.crossings.counts.missed == 1


def test_where_a_model_has_a_live_source_of_its_own_no_part_waits() -> None:
    scene = Scene(may_wait=False)
    scene.cross()
    assert cause(scene.next()) is None
    scene.cross(every_s=0.05)
    scene.clock.advance(0.01)
    missed = scene.next()
    assert cause(missed) is Cause.MISSED
    assert "judged at once, because a model has a live source of its own" in str(missed.ailment)
    scene.cross()
    assert cause(scene.next()) is None


def test_a_part_that_need_not_wait_is_judged_however_long_the_last_ones_took() -> None:
    scene = Scene()
    for _ in range(5):
        scene.cross(every_s=0.1)
        assert cause(scene.next()) is None
        scene.clock.advance(0.6)
        scene.crossings._rule.end(scene.clock.now_ns())


def test_one_part_that_hung_costs_no_part_that_waited_for_it() -> None:
    scene = Scene()
    for took_s in (0.005, 0.005, 0.45):
        scene.cross()
        scene.next()
        scene.clock.advance(took_s)
        scene.crossings._rule.end(scene.clock.now_ns())
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


def test_of_faults_the_newest_is_told_and_the_number_of_all(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.cross()
    for number in range(TOLD_MAX + 5):
        scene.calls.error = ValueError(f"fault {number}")
        scene.crossings.look()
    assert scene.next().part == "1"
    with pytest.raises(ValueError, match=f"^fault {TOLD_MAX + 4}$"):
        scene.crossings.next()
    assert f"failed {TOLD_MAX + 5} times" in caplog.text
    scene.calls.error = None
    scene.cross()
    assert scene.next().part == "2"


@pytest.fixture
def slow_log() -> Iterator[SlowLog]:
    with slow_log_of("edge_runtime.trigger.crossings") as log:
        yield log


def test_a_part_is_seen_while_the_loop_logs_faults(slow_log: SlowLog) -> None:
    scene = Scene()
    slow_log.meanwhile = scene.crossings.look
    scene.calls.error = ValueError("no picture")
    scene.cross(2)
    scene.calls.error = None
    with pytest.raises(ValueError, match="no picture"):
        scene.crossings.next()
    assert slow_log.was_done == [True]
    assert scene.next().part == "1"


def test_a_part_gets_its_turn_while_the_watcher_logs_one_that_was_not_taken(slow_log: SlowLog) -> None:
    scene = Scene()
    slow_log.meanwhile = scene.next
    scene.cross(TOLD_MAX + 1)
    assert slow_log.was_done == [True]
    assert scene.next().part == "2"


def test_a_fault_that_nobody_was_told_of_keeps_no_part_from_being_told_at_the_end() -> None:
    scene = Scene()
    scene.cross()
    scene.calls.error = ValueError("wanted a picture of one size")
    scene.crossings.look()
    assert [one.part for one in scene.crossings.leftovers()] == ["1"]


def test_a_picture_without_a_part_does_not_wake_the_loop() -> None:
    scene = Scene()
    scene.calls.is_empty = True
    begun_ns = scene.clock.now_ns()
    scene.cross(5)
    assert scene.crossings.next() is None
    assert scene.clock.now_ns() - begun_ns == NS_PER_S // 5


def test_its_thread_looks_while_nobody_asks_and_ends() -> None:
    looked = threading.Semaphore(0)

    class Slow:
        def next(self) -> Occasion | None:
            looked.release()
            threading.Event().wait(0.01)
            return Occasion("1", None, 0)

    crossings = Crossings("gate", Slow(), MonotonicClock(), within_s=0.5, max_age_s=1.0)
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

    crossings = Crossings("gate", Hangs(), MonotonicClock(), within_s=0.5, max_age_s=1.0)
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
