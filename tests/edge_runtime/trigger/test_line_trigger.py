from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import PictureHealth
from edge_contracts.verdict import Cause
from edge_runtime.capture.owed_files import PATIENCE_S
from edge_runtime.frames import Arrival, Frame, Window
from edge_runtime.occasion import PartInterrupted
from edge_runtime.picture_health import PictureCheck
from edge_runtime.terminals.listener import WireCounts
from edge_runtime.trigger.announcement import Announcement
from edge_runtime.trigger.backlog import Backlog
from edge_runtime.trigger.line_trigger import LineTrigger, Moments
from edge_runtime.trigger.part_names import PartNames
from edge_runtime.trigger.triggers import Lookout
from tests.fakes.clock import FakeClock
from tests.fakes.feed import FakeFeed
from tests.fakes.parts import window
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.capture.source import Reading
    from edge_runtime.occasion import Occasion

MS = 1_000_000


class Ear:
    """A listener whose wire is open until a test says why it is lost."""

    asked_to_stop = False

    def __init__(self) -> None:
        self.counts = WireCounts(opened=1)
        self.last_loss = ""
        self._lost: str | None = None

    @property
    def lost(self) -> str | None:
        return self._lost

    @lost.setter
    def lost(self, why: str | None) -> None:
        self.counts.broken += why is not None and self._lost is None
        self._lost, self.last_loss = why, why or self.last_loss

    def ask_to_stop(self) -> None:
        self.asked_to_stop = True


class Scene:
    """A line trigger that wants its picture 0 to 100 ms after the part, behind a camera that gives what a test says."""

    def __init__(self, *pictures_ms: float, delay_ms: int = 0, live: bool = True, most: int = 4) -> None:
        """`pictures_ms`: how long each next picture takes to come."""
        self.clock = FakeClock()
        self.feed = FakeFeed(self.clock, [self.picture_after(ms) for ms in pictures_ms], live=live)
        check = PictureCheck(PictureHealth(), frozen_frames=2)
        names = PartNames()
        self.expected: list[int] = []
        self.ear = Ear()
        self.backlog = Backlog(names, most, self.clock, lambda at_ns, _: self.expected.append(at_ns))
        lookout = Lookout(self.feed, check, self.clock)
        moments = Moments(delay_ms * MS, 100 * MS, 1000 * MS)
        self.trigger = LineTrigger(lookout, self.backlog, names, (self.ear,), moments, self.clock, threading.Event())

    def picture_after(self, ms: float) -> Callable[[], Reading]:
        def give() -> Reading:
            self.clock.advance(max(ms, 0) / 1000)
            seed = int(self.clock.now_ns() // MS) % 10_000
            return Frame(picture(seed=seed), self.clock.now_ns() + int(min(ms, 0) * MS), seed)

        return give

    def file(self, name: str, *, came_ms: float = 0, absent_ms: float | None = None) -> Callable[[], Reading]:
        """A file that a watched folder first saw `came_ms` after now, and did not see `absent_ms` after now."""
        now_ns = self.clock.now_ns()
        absent_ns = now_ns + int((came_ms - 200 if absent_ms is None else absent_ms) * MS)
        came = Arrival(absent_ns, now_ns + int(came_ms * MS))
        return lambda: Frame(picture(), self.clock.now_ns(), 1, name, arrival=came)

    def judged_by(self) -> str | Cause | None:
        """The name of the next part's file, or why it has none."""
        occasion = self.next()
        return occasion.reading.name if occasion.reading else cause(occasion)

    def part(self) -> int:
        at_ns = self.clock.now_ns()
        self.backlog.announce(Announcement(at_ns))
        return at_ns

    def next(self) -> Occasion:
        occasion = self.trigger.next()
        assert occasion is not None
        return occasion


def cause(occasion: Occasion) -> Cause | None:
    return occasion.ailment.cause if occasion.ailment else None


def test_a_part_is_judged_by_a_picture_captured_after_its_trigger() -> None:
    scene = Scene(20)
    at_ns = scene.part()
    occasion = scene.next()
    assert (occasion.part, occasion.triggered_at_ns, cause(occasion)) == ("000001", at_ns, None)
    assert occasion.reading is not None
    assert occasion.reading.captured_at_ns == at_ns + 20 * MS
    assert scene.feed.wants == 1


def test_a_camera_that_froze_between_two_parts_shows_none() -> None:
    scene = Scene(20)
    give = scene.feed._make[0]
    assert give is not None
    scene.feed._make[0] = lambda: replace(shown := give(), unseen=shown.pixels.copy())
    scene.part()
    occasion = scene.next()
    assert cause(occasion) is Cause.FROZEN
    assert isinstance(occasion.reading, Frame)
    assert occasion.reading.unseen is None, "what goes on to evidence and page holds one picture, not two"


def test_a_picture_from_before_the_trigger_is_never_taken() -> None:
    scene = Scene(-30, -1, 5)
    at_ns = scene.part()
    occasion = scene.next()
    assert occasion.reading is not None
    assert occasion.reading.captured_at_ns >= at_ns


def test_a_picture_waits_until_the_part_has_reached_the_camera() -> None:
    scene = Scene(5, delay_ms=40)
    at_ns = scene.part()
    occasion = scene.next()
    assert occasion.reading is not None
    assert occasion.reading.captured_at_ns == at_ns + 45 * MS


def test_a_picture_from_before_the_part_has_reached_the_camera_is_not_taken() -> None:
    scene = Scene(-10, 5, delay_ms=40)
    at_ns = scene.part()
    occasion = scene.next()
    assert occasion.reading is not None
    assert occasion.reading.captured_at_ns == at_ns + 45 * MS


def test_without_a_picture_in_time_the_part_is_unknown() -> None:
    scene = Scene()
    scene.part()
    occasion = scene.next()
    assert (cause(occasion), occasion.reading, occasion.is_part) == (Cause.NO_FRAME, None, True)


def broken() -> Reading:
    raise MemoryError("no room for a picture")


def test_a_fault_while_a_picture_is_taken_is_that_parts() -> None:
    scene = Scene(live=False)
    at_ns = scene.part()
    scene.feed.lay_in(broken)
    with pytest.raises(PartInterrupted) as found:
        scene.next()
    assert (found.value.part, found.value.triggered_at_ns) == ("000001", at_ns)
    assert isinstance(found.value.__cause__, MemoryError)
    scene.part()
    scene.feed.lay_in(scene.file("1.png", came_ms=5), scene.file("2.png", came_ms=6))
    assert scene.judged_by() == "2.png"


def test_a_fault_over_a_parts_own_file_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(live=False)
    scene.part()
    scene.feed.lay_in(scene.file("1.png", came_ms=5), scene.file("2.png", came_ms=6))
    with monkeypatch.context() as patched:
        patched.setattr(PictureCheck, "examine", lambda *_, **__: broken())
        with pytest.raises(PartInterrupted):
            scene.next()
    scene.part()
    assert scene.judged_by() == "2.png"


def test_behind_a_lost_camera_each_part_says_so() -> None:
    scene = Scene()
    scene.feed.lost = "wanted a stream, found none"
    scene.part()
    assert cause(scene.next()) is Cause.SOURCE_LOST


def test_a_part_whose_turn_comes_too_late_is_missed_and_not_judged_by_another_parts_picture() -> None:
    scene = Scene(5, 5)
    scene.part()
    scene.clock.advance(0.15)
    occasion = scene.next()
    assert (cause(occasion), occasion.reading) == (Cause.MISSED, None)
    assert scene.backlog.counts.missed == 1


def test_every_announced_part_gets_its_turn_when_they_come_too_fast() -> None:
    scene = Scene(*[5] * 3, most=3)
    for _ in range(5):
        scene.part()
    occasions = [scene.next() for _ in range(5)]
    assert all(one.is_part for one in occasions)
    assert [cause(one) for one in occasions] == [None, None, None, Cause.MISSED, Cause.MISSED]
    assert scene.trigger.next() is None


def test_while_the_line_cannot_be_heard_one_unknown_per_interval_is_told() -> None:
    scene = Scene()
    scene.ear.lost = "wanted a pin, found none"
    told = [occasion for _ in range(25) if (occasion := scene.trigger.next()) is not None]
    assert [cause(occasion) for occasion in told] == [Cause.TRIGGER_LOST] * 5
    assert not any(occasion.is_part for occasion in told)
    assert [occasion.part for occasion in told][:2] == ["unseen-000001", "unseen-000002"]
    assert "cannot be heard: wanted a pin, found none" in str(told[0].ailment)


def test_a_loss_is_told_at_once_and_a_line_that_is_heard_again_is_silent_about_it() -> None:
    scene = Scene()
    begun_ns = scene.clock.now_ns()
    scene.ear.lost = "gone"
    occasion = scene.next()
    assert (cause(occasion), occasion.triggered_at_ns) == (Cause.TRIGGER_LOST, begun_ns)
    scene.ear.lost = None
    assert [scene.trigger.next() for _ in range(20)] == [None] * 20


def test_a_loss_that_was_over_before_anybody_looked_is_told_too() -> None:
    scene = Scene(5)
    scene.part()
    scene.ear.lost = "a loose contact"
    scene.ear.lost = None
    occasions = [scene.next(), scene.next()]
    assert [cause(occasion) for occasion in occasions] == [Cause.TRIGGER_LOST, None]
    assert "could not be heard: a loose contact" in str(occasions[0].ailment)


def test_a_wire_that_flaps_is_told_once_per_interval_with_the_number_of_its_losses() -> None:
    scene = Scene()
    told = []
    for _ in range(100):
        scene.ear.lost = "no answer"
        told.append(scene.trigger.next())
        scene.ear.lost = None
        told.append(scene.trigger.next())
    said = [occasion for occasion in told if occasion is not None]
    moments = [occasion.triggered_at_ns for occasion in said]
    assert {later - earlier for earlier, later in itertools.pairwise(moments)} == {1000 * MS}
    assert "3 times since this was told last" in str(said[1].ailment)


def test_every_loss_of_a_wire_that_flaps_is_in_the_number_of_one_unknown() -> None:
    scene = Scene()
    for _ in range(5):
        scene.ear.lost = "no answer"
        scene.ear.lost = None
    assert "5 times since" in str(scene.next().ailment)
    scene.ear.lost = "no answer"
    scene.ear.lost = None
    told = [occasion for _ in range(20) if (occasion := scene.trigger.next()) is not None]
    assert len(told) == 1


def test_a_wire_that_is_not_open_yet_at_the_start_has_one_interval_for_it() -> None:
    scene = Scene()
    scene.ear.lost = "it is not open yet"
    scene.ear.counts.broken = 0
    assert [scene.trigger.next() for _ in range(5)] == [None] * 5
    assert cause(scene.next()) is Cause.TRIGGER_LOST


def test_at_the_end_of_a_folder_an_announced_part_still_gets_its_verdict() -> None:
    scene = Scene(live=False)
    scene.part()
    assert cause(scene.next()) is Cause.NO_FRAME


def test_parts_that_wait_when_the_point_ends_are_missed_and_none_is_accepted_after_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(5, most=2)
    moments = [scene.part() for _ in range(3)]
    left = scene.trigger.leftovers()
    assert [(cause(one), one.reading, one.triggered_at_ns) for one in left] == [
        (Cause.MISSED, None, scene.expected[0]),
        (Cause.MISSED, None, scene.expected[1]),
        (Cause.MISSED, None, scene.expected[2]),
    ]
    assert scene.ear.asked_to_stop
    assert scene.backlog.counts.missed == len(moments)
    assert all(one.is_part for one in left)
    assert "stopped or reloaded" in str(left[0].ailment)
    scene.part()
    assert scene.trigger.leftovers() == []
    assert (scene.backlog.counts.announced, scene.backlog.counts.untold, len(scene.expected)) == (4, 1, 3)
    assert "1 parts were announced while their point ended" in caplog.text


def test_a_part_is_judged_by_the_first_window_that_begins_after_its_announcement() -> None:
    scene = Scene(delay_ms=10)
    at_ns = scene.part()

    def heard(from_ms: float) -> Callable[[], Reading]:
        """A tenth of a second of sound."""
        return lambda: window(at_ns + int((from_ms + 100) * MS))

    scene.feed.lay_in(*map(heard, (-50, 0, 9.9, 10, 20)))
    reading = scene.next().reading
    assert isinstance(reading, Window)
    assert reading.begun_at_ns == at_ns + 10 * MS


def test_lines_without_a_rate_are_a_parts_when_the_first_of_them_came_after_its_announcement() -> None:
    scene = Scene()
    at_ns = scene.part()
    lines = [replace(window(at_ns + 50 * MS, rate_hz=0), first_at_ns=at_ns + first * MS) for first in (-1, 0)]
    scene.feed.lay_in(*[lambda one=one: one for one in lines])
    assert scene.next().reading is lines[1]


class TestAWatchedFolder:
    """An external camera program that writes a file per part."""

    @staticmethod
    def scene() -> Scene:
        return Scene(live=False, most=2)

    def test_each_part_is_judged_by_the_file_that_came_after_its_announcement(self) -> None:
        scene = self.scene()
        for name in ("1.png", "2.png"):
            scene.part()
            scene.feed.lay_in(scene.file(name, came_ms=5))
            assert scene.judged_by() == name

    def test_a_file_that_comes_after_its_parts_time_is_nobody_elses(self) -> None:
        scene = self.scene()
        scene.part()
        scene.feed.lay_in(None)
        assert scene.judged_by() is Cause.NO_FRAME
        scene.clock.advance(1)
        scene.feed.lay_in(scene.file("1.png", came_ms=-500))
        for name in ("2.png", "3.png"):
            scene.part()
            scene.feed.lay_in(scene.file(name, came_ms=5))
            assert scene.judged_by() == name

    def test_a_file_that_comes_after_the_next_announcement_is_still_the_earlier_parts(self) -> None:
        scene = self.scene()
        scene.part()
        scene.feed.lay_in(None)
        scene.judged_by()
        scene.part()
        scene.feed.lay_in(scene.file("1.png", came_ms=1), scene.file("2.png", came_ms=60))
        assert scene.judged_by() == "2.png"

    def test_a_file_without_a_part_is_passed_over(self) -> None:
        scene = self.scene()
        scene.feed.lay_in(scene.file("test shot.png", came_ms=0))
        scene.clock.advance(1)
        scene.part()
        scene.feed.lay_in(scene.file("1.png", came_ms=5))
        assert scene.judged_by() == "1.png"

    def test_a_file_from_between_announcement_and_delay_is_passed_over(self) -> None:
        scene = Scene(live=False, delay_ms=40)
        scene.part()
        scene.feed.lay_in(scene.file("before.png", came_ms=30), scene.file("1.png", came_ms=45))
        assert scene.judged_by() == "1.png"

    def test_while_a_file_may_still_come_no_part_is_judged_by_it_and_the_verdict_says_so(self) -> None:
        scene = self.scene()
        scene.part()
        scene.feed.lay_in(None)
        scene.judged_by()
        for _ in range(2):
            scene.clock.advance(1)
            scene.part()
            scene.feed.lay_in(scene.file("whose?.png", came_ms=5), None)
            occasion = scene.next()
            assert cause(occasion) is Cause.NO_FRAME
        scene.part()
        scene.feed.lay_in(None)
        assert "1 parts before, which had none" in str(scene.next().ailment)

    def test_a_file_that_was_never_written_is_waited_for_no_longer_than_a_pause_of_the_line(self) -> None:
        scene = self.scene()
        scene.part()
        scene.feed.lay_in(None)
        scene.judged_by()
        scene.clock.advance(PATIENCE_S + 1)
        scene.part()
        scene.feed.lay_in(scene.file("2.png", came_ms=5))
        assert scene.judged_by() == "2.png"

    def test_a_pause_in_which_nobody_could_look_settles_nothing(self) -> None:
        scene = self.scene()
        scene.part()
        scene.feed.lay_in(None)
        scene.judged_by()
        scene.clock.advance(PATIENCE_S + 1)
        scene.part()
        hung_ms = -(PATIENCE_S + 1) * 1000
        scene.feed.lay_in(*[scene.file(name, came_ms=5, absent_ms=hung_ms) for name in ("1.png", "2.png")])
        assert scene.judged_by() == "2.png"

    def test_the_file_of_a_missed_part_is_passed_over(self) -> None:
        scene = self.scene()
        for _ in range(3):
            scene.part()
        scene.feed.lay_in(*[scene.file(f"{number}.png", came_ms=5) for number in (1, 2, 3)])
        assert [scene.judged_by() for _ in range(3)] == ["1.png", "2.png", Cause.MISSED]
        scene.part()
        scene.feed.lay_in(scene.file("4.png", came_ms=5))
        assert scene.judged_by() == "4.png"

    def test_what_was_owed_when_a_point_ended_is_owed_to_the_one_after_it(self) -> None:
        scene = self.scene()
        scene.part()
        scene.trigger.leftovers()
        again = self.scene()
        again.feed.owed = scene.feed.owed
        again.part()
        again.feed.lay_in(again.file("1.png", came_ms=5), again.file("2.png", came_ms=6))
        assert again.judged_by() == "2.png"


def test_what_is_not_watched_comes_one_by_one() -> None:
    scene = Scene(5, 5, live=False)
    for _ in range(2):
        scene.part()
    assert [cause(scene.next()) for _ in range(2)] == [None, None]
