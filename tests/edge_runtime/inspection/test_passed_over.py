"""A model with a folder of its own beside the point's camera: each part's file is its own, seen or unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.manifest import AnomalyRule
from edge_contracts.station import PictureHealth
from edge_contracts.verdict import Cause
from edge_runtime.inspection.chain import Chain, Link
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.inspector import Inspector
from edge_runtime.occasion import Ailment, Occasion
from edge_runtime.picture_health import PictureCheck
from edge_runtime.trigger.beside import BesideLookout
from edge_runtime.trigger.triggers import Lookout
from tests.fakes.bundled import FakeBundle, ScriptedScorer
from tests.fakes.clock import FakeClock
from tests.fakes.feed import FakeFeed
from tests.fakes.parts import frame, point, scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.capture.source import Reading

FIRST_LEVEL = 100


class Bench:
    """Files are told apart by their grey level: the first has 101, the second 102 …"""

    def __init__(self) -> None:
        self.clock = FakeClock()
        feed = FakeFeed(self.clock, [self._file(number) for number in range(1, 9)])
        check = PictureCheck(PictureHealth(), frozen_frames=0)
        beside = BesideLookout(Lookout(feed, check, self.clock), self.clock, max_age_ms=1000)
        self.second = ScriptedScorer(self.clock, scores(0.1), takes_ms=1)
        links = [Link(self._examiner(ScriptedScorer(self.clock, scores(0.1), takes_ms=1)))]
        links.append(Link(self._examiner(self.second), beside=beside))
        self.inspector = Inspector(point(), Chain(links, "any", self.clock), self.clock)

    def _examiner(self, scorer: ScriptedScorer) -> Examiner:
        return Examiner(point(), FakeBundle(AnomalyRule(threshold=0.5)), scorer, self.clock)

    def _file(self, number: int) -> Callable[[], Reading]:
        return lambda: frame(self.clock.now_ns(), number=number, level=FIRST_LEVEL + number)

    def part(self, ailment: Ailment | None = None, *, is_part: bool = True) -> int | None:
        """The number of the file that the second model judged."""
        now_ns, before = self.clock.now_ns(), len(self.second.seen)
        reading = None if ailment else frame(now_ns)
        self.inspector.inspect(Occasion("7", reading, now_ns, ailment, is_part))
        return round(self.second.seen[-1].mean()) - FIRST_LEVEL if len(self.second.seen) > before else None


@pytest.mark.parametrize("cause", [Cause.MISSED, Cause.NO_FRAME])
def test_a_part_that_had_no_picture_takes_its_file_with_it(cause: Cause) -> None:
    bench = Bench()
    assert bench.part() == 1
    assert [bench.part(Ailment(cause, "none")) for _ in range(2)] == [None, None]
    assert bench.part() == 4


@pytest.mark.parametrize("cause", [Cause.SOURCE_LOST, Cause.TRIGGER_LOST, Cause.INTERNAL])
def test_an_unknown_of_a_moment_without_a_part_takes_no_file(cause: Cause) -> None:
    bench = Bench()
    assert bench.part() == 1
    assert bench.part(Ailment(cause, "none"), is_part=False) is None
    assert bench.part() == 2
