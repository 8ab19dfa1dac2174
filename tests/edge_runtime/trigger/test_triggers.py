from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import PictureHealth
from edge_contracts.verdict import Cause
from edge_runtime.capture.source import BadReading
from edge_runtime.occasion import Ailment
from edge_runtime.picture_health import PictureCheck
from edge_runtime.trigger.triggers import FrameTrigger, IntervalTrigger, Lookout, PresenceTrigger
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.feed import FakeFeed
from tests.fakes.parts import frame, window

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from edge_runtime.capture.source import Reading
    from edge_runtime.frames import Window
    from edge_runtime.occasion import Occasion
    from edge_runtime.trigger.triggers import ExaminesWindows, Trigger


class Gate:
    """Sees a part in the frames whose turn is listed."""

    def __init__(self, *turns: int) -> None:
        self._turns = turns
        self.seen = 0

    def sees_new_part(self, pixels: npt.NDArray[np.uint8]) -> bool:  # noqa: ARG002 - the Protocol's
        self.seen += 1
        return self.seen in self._turns


class Scene:
    def __init__(
        self, make: list[Callable[[], Reading] | None], *, live: bool = False, ear: ExaminesWindows | None = None
    ) -> None:
        self.clock = FakeClock()
        self.feed = FakeFeed(self.clock, make, live=live)
        health = PictureHealth()
        check = PictureCheck(health, frozen_frames=health.frozen_frames)
        self.lookout = Lookout(self.feed, check, self.clock, ear)

    def every_frame(self) -> FrameTrigger:
        return FrameTrigger(self.lookout, self.clock)

    def every(self, interval_s: float) -> IntervalTrigger:
        stop = threading.Event()
        return IntervalTrigger(self.lookout, self.clock, stop, interval_s=interval_s, lead_s=0.1, patience_s=0.25)

    def presence(self, gate: Gate, interval_s: float = 1.0) -> PresenceTrigger:
        return PresenceTrigger(self.lookout, self.clock, gate, interval_s=interval_s)

    def occasions(self, trigger: Trigger, seconds: float) -> list[Occasion]:
        until_ns = self.clock.now_ns() + int(seconds * NS_PER_S)
        found = []
        while self.clock.now_ns() < until_ns and not self.feed.ended:
            if (occasion := trigger.next()) is not None:
                found.append(occasion)
        return found


def frames(count: int, level: int = 100) -> list[Callable[[], Reading] | None]:
    return [lambda n=n: frame(number=n, level=level) for n in range(1, count + 1)]  # type: ignore[misc]


def bad() -> Reading:
    return BadReading("torn.png", 1, 1, "wanted a whole picture, found torn.png cut off")


class DeafTo:
    """An ear that finds fault with some of the windows."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def examine(self, window: Window) -> Ailment | None:
        return Ailment(Cause.DARK, "not heard") if window.number in self._numbers else None


def causes(occasions: list[Occasion]) -> list[Cause | None]:
    return [occasion.ailment.cause if occasion.ailment else None for occasion in occasions]


def windows(count: int) -> list[Callable[[], Reading] | None]:
    return [lambda n=n: window(number=n) for n in range(1, count + 1)]  # type: ignore[misc]


def test_every_window_is_one_part_and_its_ear_is_believed() -> None:
    scene = Scene(windows(3), ear=DeafTo(2))
    found = scene.occasions(scene.every_frame(), 1)
    assert [occasion.reading.number for occasion in found if occasion.reading] == [1, 2, 3]
    assert causes(found) == [None, Cause.DARK, None]


def test_a_window_that_nobody_can_examine_is_not_judged() -> None:
    scene = Scene(windows(1))
    assert causes(scene.occasions(scene.every_frame(), 1)) == [Cause.INTERNAL]


def test_a_window_shows_no_part_to_a_presence_trigger() -> None:
    scene = Scene(windows(2), ear=DeafTo())
    gate = Gate(1, 2)
    assert causes(scene.occasions(scene.presence(gate), 1)) == [Cause.INTERNAL, Cause.INTERNAL]
    assert not gate.seen


def test_every_picture_is_one_part_with_a_number() -> None:
    scene = Scene(frames(3))
    assert [occasion.part for occasion in scene.occasions(scene.every_frame(), 10)] == ["000001", "000002", "000003"]


def test_a_part_bears_the_name_of_its_file() -> None:
    scene = Scene([lambda: frame(name="good_07.png"), lambda: frame(name="x" * 300 + ".png", number=2)])
    named = [occasion.part for occasion in scene.occasions(scene.every_frame(), 10)]
    assert named[0] == "good_07.png"
    assert len(named[1]) == 128


def test_a_picture_that_cannot_be_read_is_a_part_too() -> None:
    scene = Scene([bad, *frames(1)])
    assert causes(scene.occasions(scene.every_frame(), 10)) == [Cause.BAD_FRAME, None]


def test_a_silent_camera_is_an_unknown_part_each_second() -> None:
    scene = Scene([], live=True)
    occasions = scene.occasions(scene.every_frame(), 5)
    assert causes(occasions) == [Cause.NO_FRAME] * 5
    assert not any(occasion.is_part for occasion in occasions), "nobody knows whether there was one"


def test_a_lost_camera_says_why() -> None:
    scene = Scene([], live=True)
    scene.feed.lost = "wanted a stream, found none; check the cable"
    first = scene.occasions(scene.every_frame(), 2)[0]
    assert first.ailment is not None
    assert (first.ailment.cause, first.ailment.reason) == (Cause.SOURCE_LOST, scene.feed.lost)


def test_a_slow_folder_is_no_fault() -> None:
    scene = Scene([None] * 20 + frames(1))
    assert causes(scene.occasions(scene.every_frame(), 60)) == [None]


def test_a_frozen_camera_makes_its_parts_unknown() -> None:
    scene = Scene([frame] * 5, live=True)
    assert causes(scene.occasions(scene.every_frame(), 0.1)) == [None, *[Cause.FROZEN] * 4]


def test_an_interval_is_one_part_whether_or_not_a_frame_came() -> None:
    scene = Scene([*frames(2), None, *frames(1)], live=True)
    occasions = scene.occasions(scene.every(1.0), 5.1)
    assert causes(occasions) == [None, None, Cause.NO_FRAME, None, Cause.NO_FRAME]
    assert all(occasion.is_part for occasion in occasions)


def test_an_interval_without_a_file_in_time_says_so() -> None:
    scene = Scene([None, *frames(1), None], live=False)
    assert causes(scene.occasions(scene.every(1.0), 2.3)) == [Cause.NO_FRAME, None]


def test_the_deadline_of_an_interval_begins_at_its_tick() -> None:
    scene = Scene([None], live=True)
    begun_ns = scene.clock.now_ns()
    occasion = scene.occasions(scene.every(1.0), 1.1)[0]
    assert (occasion.triggered_at_ns - begun_ns) / NS_PER_S == pytest.approx(1.0, abs=0.01)


class SlowCheck(PictureCheck):
    """Takes 0.3 s to examine a picture."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(PictureHealth(), frozen_frames=0)
        self._clock = clock

    def examine(
        self, picture: npt.NDArray[np.uint8], *, repeats: int = 0, unseen: npt.NDArray[np.uint8] | None = None
    ) -> Ailment | None:
        self._clock.advance(0.3)
        return super().examine(picture, repeats=repeats, unseen=unseen)


@pytest.mark.parametrize("kind", ["frame", "presence"])
def test_the_deadline_begins_when_the_picture_is_taken_not_after_its_examination(kind: str) -> None:
    scene = Scene(frames(1))
    scene.lookout._check = SlowCheck(scene.clock)
    begun_ns = scene.clock.now_ns()
    trigger = scene.every_frame() if kind == "frame" else scene.presence(Gate(1))
    assert [occasion.triggered_at_ns for occasion in scene.occasions(trigger, 10)] == [begun_ns]


def test_a_frame_is_asked_for_shortly_before_the_tick() -> None:
    scene = Scene([], live=True)
    trigger = scene.every(1.0)
    scene.occasions(trigger, 0.85)
    assert scene.feed.wants == 0
    scene.occasions(trigger, 0.1)
    assert scene.feed.wants == 1


def test_intervals_that_were_missed_are_not_made_up_for() -> None:
    scene = Scene(frames(10), live=True)
    trigger = scene.every(1.0)
    scene.occasions(trigger, 1.05)
    scene.clock.advance(5.0)
    assert len(scene.occasions(trigger, 2.5)) == 3


def test_an_empty_belt_is_no_part() -> None:
    scene = Scene(frames(10))
    assert [o.part for o in scene.occasions(scene.presence(Gate(4, 8)), 60)] == ["000001", "000002"]


def test_behind_a_lost_camera_the_line_may_be_moving() -> None:
    scene = Scene([], live=True)
    scene.feed.lost = "gone"
    assert causes(scene.occasions(scene.presence(Gate(), interval_s=2.0), 10)) == [Cause.SOURCE_LOST] * 5


def test_a_dark_camera_cannot_show_an_empty_belt() -> None:
    scene = Scene([*frames(2), *frames(10, level=0)], live=True)
    gate = Gate()
    occasions = scene.occasions(scene.presence(gate), 0.5)
    assert causes(occasions) == [Cause.DARK]
    assert gate.seen == 2


def test_a_camera_that_stays_dark_is_told_of_once_per_interval() -> None:
    scene = Scene([], live=True)

    def dark_after_a_while() -> Reading:
        scene.clock.advance(0.1)
        return frame(level=0, number=int(scene.clock.now_ns() % 97))

    scene.feed._make = [dark_after_a_while] * 35
    assert causes(scene.occasions(scene.presence(Gate()), 3.45)) == [Cause.DARK] * 4


def test_each_time_that_a_camera_goes_dark_is_told_at_once() -> None:
    dark, light = frames(1, level=0), frames(2)
    scene = Scene([*dark, *light, *dark, *light], live=True)
    assert causes(scene.occasions(scene.presence(Gate()), 0.5)) == [Cause.DARK] * 2


def test_a_torn_picture_before_the_gate_is_an_unknown_part() -> None:
    scene = Scene([*frames(1), bad, lambda: frame(number=2)])
    assert causes(scene.occasions(scene.presence(Gate()), 60)) == [Cause.BAD_FRAME]


def test_no_two_parts_of_a_point_have_the_same_name() -> None:
    names = ["x" * 9 + "A" * 128, "y" * 9 + "A" * 128, "a.png", "a.png", "000006", ""]
    scene = Scene([lambda name=name: frame(name=name) for name in names])  # type: ignore[misc]
    parts = [occasion.part for occasion in scene.occasions(scene.every_frame(), 3)]
    assert [part[-9:] for part in parts] == ["AAAAAAAAA", "AAAAAAA~2", "a.png", "a.png~2", "000006", "000006~2"]
