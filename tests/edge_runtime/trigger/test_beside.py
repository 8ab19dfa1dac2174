"""A source beside the point's own: each part is judged by its own reading or by none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.station import PictureHealth
from edge_contracts.verdict import Cause
from edge_runtime.frames import Frame
from edge_runtime.picture_health import PictureCheck
from edge_runtime.trigger.beside import BesideLookout
from edge_runtime.trigger.triggers import Lookout
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.feed import FakeFeed
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from edge_runtime.capture.source import Reading

SOON_NS = NS_PER_S // 2


class Side:
    """A source that gives frames 1, 2, 3 …; a `None` is one that does not come in time."""

    def __init__(self, *numbers: int | None, live: bool = False, age_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self._age_ns = int(age_s * NS_PER_S)
        made = [None if number is None else lambda number=number: self._frame(number) for number in numbers]
        self.feed = FakeFeed(self.clock, made, live=live)
        lookout = Lookout(self.feed, PictureCheck(PictureHealth(), frozen_frames=0), self.clock)
        self.beside = BesideLookout(lookout, self.clock, max_age_ms=1000)

    def _frame(self, number: int) -> Frame:
        return Frame(picture(seed=number), self.clock.now_ns() - self._age_ns, number)

    def take(self) -> tuple[Reading | None, Cause | None]:
        reading, ailment = self.beside.take(self.clock.now_ns() + SOON_NS)
        return reading, ailment.cause if ailment else None

    def number(self) -> int:
        reading, cause = self.take()
        assert reading is not None
        assert cause is None
        return reading.number


def test_each_part_gets_the_next_file() -> None:
    side = Side(1, 2)
    assert [side.number(), side.number()] == [1, 2]


def test_a_file_that_came_too_late_is_not_taken_for_the_next_parts() -> None:
    side = Side(1, None, 2, 3)
    assert side.number() == 1
    assert side.take() == (None, Cause.NO_FRAME)
    assert side.number() == 3


def test_a_part_that_was_not_judged_takes_its_file_with_it() -> None:
    side = Side(1, 2, 3)
    assert side.number() == 1
    side.beside.pass_over()
    assert side.number() == 3


def test_of_a_live_source_a_reading_of_before_the_part_is_passed_over() -> None:
    side = Side(1, 2, live=True, age_s=0.1)
    side.beside.want(side.clock.now_ns())
    assert side.take() == (None, Cause.NO_FRAME)
    side = Side(1, 2, live=True, age_s=0.1)
    side.beside.want(side.clock.now_ns() - NS_PER_S // 5)
    assert side.number() == 1


def test_of_a_live_source_what_comes_next_is_taken_whatever_came_before() -> None:
    side = Side(1, None, 3, live=True)
    assert side.number() == 1
    assert side.take() == (None, Cause.NO_FRAME)
    side.beside.pass_over()
    assert side.number() == 3
    side.beside.want(side.clock.now_ns())
    assert side.feed.wants == 1


def test_a_source_that_is_lost_says_so() -> None:
    side = Side(live=True)
    side.feed.lost = "unplugged"
    assert side.take() == (None, Cause.SOURCE_LOST)


def test_an_old_reading_is_not_judged() -> None:
    reading, cause = Side(1, live=True, age_s=1.5).take()
    assert cause is Cause.STALE
    assert reading is not None


def test_the_wait_ends_with_the_parts_time() -> None:
    side = Side(live=True)
    before_ns = side.clock.now_ns()
    side.take()
    assert side.clock.now_ns() - before_ns == SOON_NS
