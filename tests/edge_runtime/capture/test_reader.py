from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from edge_runtime.capture.backoff import Backoff
from edge_runtime.capture.reader import Reader
from edge_runtime.frames import Frame
from tests.fakes.clock import FakeClock
from tests.fakes.pictures import picture
from tests.fakes.sources import ScriptedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 10.0
STUCK_AFTER_S = 5.0


class Reading:
    """A reader whose sources come from a list, one per thread."""

    def __init__(self, *sources: ScriptedSource, live: bool = False, glances: bool = False) -> None:
        self.clock = FakeClock()
        self.sources = list(sources)
        left = iter(sources)
        self.reader = Reader(
            "gate",
            lambda _stop: next(left),
            live=live,
            clock=self.clock,
            backoff=Backoff(lambda: 1.0, first_s=1.0, most_s=4.0),
            stuck_after_s=STUCK_AFTER_S,
        )
        self.reader.glances = glances
        self.reader.start()

    def numbers(self, count: int) -> list[int]:
        taken = [self.reader.take(PATIENCE_S) for _ in range(count)]
        return [picture.number for picture in taken if isinstance(picture, Frame)]


@pytest.fixture
def readings() -> Iterator[list[Reading]]:
    made: list[Reading] = []
    yield made
    for reading in made:
        for source in reading.sources:
            source.release.set()
        assert reading.reader.stop(PATIENCE_S)


def test_a_replayed_source_hands_over_every_picture(readings: list[Reading]) -> None:
    readings.append(Reading(ScriptedSource("ffffffff")))
    assert readings[0].numbers(8) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert readings[0].reader.take(PATIENCE_S) is None
    assert readings[0].reader.ended


def test_a_replayed_picture_is_dated_when_it_is_taken(readings: list[Reading]) -> None:
    readings.append(Reading(ScriptedSource("f")))
    picture = readings[0].reader.take(PATIENCE_S)
    assert picture is not None
    assert picture.captured_at_ns == readings[0].clock.now_ns()


@pytest.mark.parametrize("fault", ["x", "!"])
def test_a_source_that_dies_is_opened_again(readings: list[Reading], fault: str) -> None:
    readings.append(Reading(ScriptedSource(f"ff{fault}ff{fault}f")))
    assert readings[0].numbers(5) == [1, 2, 3, 4, 5]
    assert readings[0].reader.counts.lost == 2
    assert readings[0].reader.counts.opened == 3
    assert readings[0].sources[0].closed >= 2


class Torn(ScriptedSource):
    """Cannot be closed, as a camera that was pulled out while libcamera holds it."""

    def close(self) -> None:
        super().close()
        raise RuntimeError("the device is disconnected")


@pytest.mark.parametrize("fault", ["x", "!"])
def test_a_source_that_cannot_even_be_closed_is_built_and_opened_again(readings: list[Reading], fault: str) -> None:
    readings.append(Reading(Torn(f"ff{fault}"), ScriptedSource("f")))
    assert readings[0].numbers(3) == [1, 2, 1]
    assert readings[0].clock.waits_s == [1]
    assert readings[0].reader.take(PATIENCE_S) is None
    assert (readings[0].reader.ended, readings[0].reader.counts.abandoned) == (True, 0)


def test_a_source_that_cannot_be_built_is_tried_again() -> None:
    clock, tries = FakeClock(), iter([True, False])

    def build(_stop: threading.Event) -> ScriptedSource:
        if next(tries):
            raise OSError("no such library yet")
        return ScriptedSource("f")

    reader = Reader(
        "gate", build, live=False, clock=clock, backoff=Backoff(lambda: 1.0, first_s=1.0), stuck_after_s=STUCK_AFTER_S
    )
    reader.start()
    assert reader.take(PATIENCE_S) is not None
    assert (clock.waits_s[:1], reader.counts.lost) == ([1], 1)
    assert reader.stop(PATIENCE_S)


def test_a_source_that_never_was_there_is_tried_for_ever_with_growing_waits(readings: list[Reading]) -> None:
    readings.append(Reading(ScriptedSource("f", fail_opens=6)))
    assert readings[0].numbers(1) == [1]
    assert readings[0].clock.waits_s[:6] == [1, 2, 4, 4, 4, 4]


def test_why_the_source_is_lost_is_known_until_it_gives_again(readings: list[Reading]) -> None:
    reading = Reading(ScriptedSource("fh", fail_opens=1), live=True)
    readings.append(reading)
    assert reading.sources[0].hanging.wait(PATIENCE_S)
    assert reading.reader.lost is None
    assert reading.reader.counts.lost == 1


def test_a_driver_that_never_answers_is_left_behind_and_a_fresh_one_opened(readings: list[Reading]) -> None:
    stuck, fresh = ScriptedSource("h"), ScriptedSource("ff")
    reading = Reading(stuck, fresh)
    readings.append(reading)
    assert stuck.hanging.wait(PATIENCE_S)
    reading.clock.advance(STUCK_AFTER_S + 1)
    assert reading.reader.take(0) is None
    assert reading.reader.counts.abandoned == 1
    assert reading.numbers(2) == [1, 2]


def test_a_thread_that_was_left_behind_hands_over_nothing_when_it_wakes_up(readings: list[Reading]) -> None:
    stuck, fresh = ScriptedSource("hffff"), ScriptedSource("fff")
    reading = Reading(stuck, fresh)
    readings.append(reading)
    assert stuck.hanging.wait(PATIENCE_S)
    reading.clock.advance(STUCK_AFTER_S + 1)
    reading.reader.take(0)
    stuck.release.set()
    assert reading.numbers(3) == [1, 2, 3]
    assert reading.reader.take(PATIENCE_S) is None


def test_too_many_swallowed_threads_call_for_a_restart(readings: list[Reading]) -> None:
    sources = [ScriptedSource("h") for _ in range(10)]
    reading = Reading(*sources)
    readings.append(reading)
    for source in sources[:9]:
        assert source.hanging.wait(PATIENCE_S)
        assert not reading.reader.exhausted
        reading.clock.advance(STUCK_AFTER_S + 1)
        reading.reader.take(0)
    assert reading.reader.exhausted
    assert sources[9].opened == 0


def test_stopping_says_no_while_the_driver_hangs() -> None:
    reading = Reading(ScriptedSource("h"))
    assert reading.sources[0].hanging.wait(PATIENCE_S)
    assert reading.reader.stop(0.0) is False
    reading.sources[0].release.set()
    assert reading.reader.stop(PATIENCE_S) is True


def test_only_frames_that_somebody_wants_are_converted_and_all_are_counted(readings: list[Reading]) -> None:
    reading = Reading(ScriptedSource("fffffh"), live=True)
    readings.append(reading)
    assert reading.sources[0].hanging.wait(PATIENCE_S)
    assert (reading.reader.counts.frames, reading.reader.counts.converted) == (5, 0)


class Slow(ScriptedSource):
    """Each of its pictures takes 0.3 s on a clock that it is given."""

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self.clocks: SimpleQueue[FakeClock] = SimpleQueue()

    def advance(self) -> None:
        clock = self.clocks.get(timeout=PATIENCE_S)
        clock.advance(0.3)
        self.clocks.put(clock)
        super().advance()


@pytest.mark.parametrize(("glances", "converted"), [(True, 2), (False, 0)])
def test_of_pictures_that_nobody_wants_two_a_second_are_kept_beside_the_next_that_is(
    readings: list[Reading], *, glances: bool, converted: int
) -> None:
    source = Slow("fffffhf")
    reading = Reading(source, live=True, glances=glances)
    source.clocks.put(reading.clock)
    readings.append(reading)
    assert source.hanging.wait(PATIENCE_S)
    assert reading.reader.counts.converted == converted
    reading.reader.want()
    source.release.set()
    taken = reading.reader.take(PATIENCE_S)
    assert isinstance(taken, Frame)
    assert (taken.unseen is not None) is glances
    assert taken.unseen is None or (taken.unseen == picture(seed=4)).all()


def test_a_quiet_source_is_there_and_no_fault(readings: list[Reading]) -> None:
    reading = Reading(ScriptedSource("qqqf"))
    readings.append(reading)
    assert reading.numbers(1) == [1]
    assert (reading.reader.counts.lost, reading.reader.counts.frames, reading.reader.lost) == (0, 1, None)


def test_the_time_without_a_source_is_summed_up(readings: list[Reading]) -> None:
    reading = Reading(ScriptedSource("fxfh", fail_opens=2), live=True)
    readings.append(reading)
    assert reading.sources[0].hanging.wait(PATIENCE_S)
    assert reading.reader.without_source_s == pytest.approx(1 + 2 + 1)
    reading.clock.advance(STUCK_AFTER_S - 1)
    assert reading.reader.without_source_s == reading.reader.counts.absent_s == pytest.approx(1 + 2 + 1)


class Watcher(ScriptedSource):
    """A source that must look on while nobody wants what it has."""

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self.attended = threading.Event()

    def attend(self) -> None:
        self.attended.set()


def test_a_source_looks_on_while_nobody_wants_what_it_has(readings: list[Reading]) -> None:
    source = Watcher("ff")
    readings.append(Reading(source))
    assert source.attended.wait(PATIENCE_S)
    assert readings[0].numbers(2) == [1, 2]
