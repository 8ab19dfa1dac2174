from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.station import EvidenceSettings, Region
from edge_contracts.verdict import Cause
from edge_runtime.evidence import EvidenceStore
from edge_runtime.evidence.clip_ring import ClipRing
from edge_runtime.evidence.extras import Extras
from edge_runtime.evidence.good_sample import GoodSample
from edge_runtime.frames import Frame
from edge_runtime.occasion import Inspected
from tests.fakes.parts import inspected, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_runtime.evidence.clip import Clip


class Bench:
    """A ring, and the clips that it gave."""

    def __init__(self, before: int = 2, after: int = 2) -> None:
        self.clips: list[Clip] = []
        self.ring = ClipRing(before, after, 160, self.clips.append)
        self.number = 0

    def run(self, outcomes: str, point: str = "gate") -> list[str]:
        """One letter per picture: `g` good, `d` defect, `n` no picture; the parts of each clip so far."""
        for letter in outcomes:
            self.number += 1
            given = verdict(Cause.THRESHOLD if letter == "d" else Cause.CLEAN, part=str(self.number), point=point)
            self.ring.take(inspected(given, with_frame=letter != "n"))
        return ["".join(moment.verdict.part for moment in clip.moments) for clip in self.clips]


def test_a_defect_is_kept_with_what_came_before_and_after() -> None:
    assert Bench().run("ggggdggg") == ["34567"]


def test_a_defect_at_the_very_start_has_nothing_before_it() -> None:
    assert Bench().run("dgg") == ["123"]


def test_a_defect_within_a_clip_prolongs_it() -> None:
    assert Bench().run("gdgdgg") == ["123456"]


def test_a_flood_of_defects_makes_clips_of_bounded_length() -> None:
    bench = Bench(before=1, after=2)
    bench.run("g" + "d" * 60)
    assert [len(clip.moments) for clip in bench.clips] == [8] + [7] * 7


def test_what_is_open_at_the_end_is_given_out() -> None:
    bench = Bench()
    assert bench.run("ggd") == []
    bench.ring.flush()
    assert bench.run("") == ["123"]


def test_points_do_not_mix() -> None:
    bench = Bench()
    bench.run("gg", "gate")
    bench.run("g", "exit")
    assert bench.run("dgg", "gate") == ["12456"]


def test_only_after_or_only_before_may_be_asked_for() -> None:
    assert Bench(before=0, after=1).run("gdg") == ["23"]
    assert Bench(before=1, after=0).run("gdg") == ["12"]


def test_a_part_without_a_picture_is_passed_over() -> None:
    assert Bench().run("gndgg") == ["1345"]


def test_pictures_are_reduced_copies_so_that_memory_is_bounded() -> None:
    bench, pixels = Bench(before=1, after=0), np.full((480, 640, 3), 7, np.uint8)
    bench.ring.take(Inspected(verdict(Cause.THRESHOLD), Frame(pixels, 1, 1), None, Region()))
    kept = bench.clips[0].moments[0].pixels
    assert kept.shape == (120, 160, 3)
    pixels[:] = 0
    assert kept.min() == 7
    small = np.full((48, 64, 3), 7, np.uint8)
    bench.ring.take(Inspected(verdict(Cause.THRESHOLD), Frame(small, 1, 1), None, Region()))
    small[:] = 0
    assert bench.clips[1].moments[0].pixels.min() == 7


def test_every_nth_good_part_of_a_point_is_picked() -> None:
    picked: list[str] = []
    sample = GoodSample(3, lambda one: picked.append(f"{one.verdict.point}{one.verdict.part}"))
    for number in range(7):
        for point in ("a", "b"):
            sample.take(inspected(verdict(Cause.CLEAN, part=str(number), point=point)))
            sample.take(inspected(verdict(Cause.THRESHOLD, part="d", point=point)))
    assert picked == ["a0", "b0", "a3", "b3", "a6", "b6"]


def test_what_is_asked_for_beside_alerts_reaches_the_disk(tmp_path: Path) -> None:
    work: list[Callable[[], object]] = []
    settings = EvidenceSettings(good_every=2, clip_before=1, clip_after=1)
    extras = Extras.of(settings, EvidenceStore(tmp_path, settings), work.append)
    for number, cause in enumerate([Cause.CLEAN, Cause.CLEAN, Cause.CLEAN, Cause.THRESHOLD]):
        for sink in extras.sinks:
            sink.take(Inspected(verdict(cause), inspected().frame if number else None, None, Region()))
    extras.flush()
    for one in work:
        one()
    assert sorted(path.parent.parent.name for path in tmp_path.rglob("*.*")) == ["clip", "good"]


def test_without_evidence_or_wishes_there_are_no_extras(tmp_path: Path) -> None:
    wishes = EvidenceSettings(good_every=2, clip_before=1)
    assert Extras.of(wishes, None, print).sinks == ()
    assert Extras.of(EvidenceSettings(), EvidenceStore(tmp_path, EvidenceSettings()), print).sinks == ()
