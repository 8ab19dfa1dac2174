"""One model on masked and tiled pictures: what is masked does not count, and no part is good with a tile unjudged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge_contracts.manifest import AnomalyRule, AreaRule, BoxRule, ClassRule, MapRule
from edge_contracts.station import Mask, Region, Tiles
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Frame, Scores
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.scorer import BackendFailed, BackendHung
from tests.fakes.bundled import FakeBundle, ScriptedScorer
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import boxes, point, scores, window

HEIGHT, WIDTH = 40, 80
RIGHT_HALF = Mask(polygons=(((0.5, 0), (1, 0), (1, 1), (0.5, 1)),))
FOUR = Tiles(columns=4, rows=1, overlap=0.0)


class Desk:
    """An examiner with a scripted model and half a second."""

    def __init__(
        self, rule: Any, *answers: Any, labels: tuple[str, ...] = (), takes_ms: float = 1, **settings: Any
    ) -> None:
        self.clock = FakeClock()
        self.scorer = ScriptedScorer(self.clock, *answers, takes_ms=takes_ms)
        self.examiner = Examiner(point(**settings), FakeBundle(rule, labels), self.scorer, self.clock)

    def examine(self, pixels: np.ndarray | None = None):
        given = np.full((HEIGHT, WIDTH, 3), 50, np.uint8) if pixels is None else pixels
        now_ns = self.clock.now_ns()
        return self.examiner.examine(Frame(given, now_ns, 1), now_ns + NS_PER_S // 2)

    def ends(self) -> tuple[Outcome, Cause]:
        decision = self.examine().decision
        return decision.outcome, decision.cause


def mean_of(pixels: np.ndarray) -> Scores:
    """The score of a tile is its mean grey, and so is each place of its map."""
    level = float(pixels.mean()) / 255
    return scores(level, heat=level)


def test_the_model_sees_grey_where_the_picture_is_masked() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.1), mask=RIGHT_HALF)
    desk.examine()
    seen = desk.scorer.seen[0]
    assert (seen[:, : WIDTH // 2 - 1] == 127).all()
    assert (seen[:, WIDTH // 2 + 1 :] == 50).all()


def test_the_region_is_cut_out_of_the_mask_too() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.1), mask=RIGHT_HALF, region=Region(x=0.25, width=0.5))
    desk.examine()
    assert desk.scorer.seen[0].shape == (HEIGHT, WIDTH // 2, 3)
    assert (desk.scorer.seen[0][:, : WIDTH // 4 - 1] == 127).all()


def test_what_a_map_shows_where_it_is_masked_does_not_count() -> None:
    heat = np.asarray([[9, 9, 1, 2]] * 2, np.float32)
    found = Desk(MapRule(threshold=5), Scores(np.zeros(0, np.float32), heat, {}), mask=RIGHT_HALF).examine()
    assert (found.decision.outcome, found.decision.score) == (Outcome.GOOD, 2)
    assert found.heat_map.max() == 2
    whole = Desk(MapRule(threshold=5), Scores(np.zeros(0, np.float32), heat, {})).examine()
    assert whole.decision.outcome is Outcome.DEFECT


def test_a_box_that_lies_where_it_is_masked_does_not_count() -> None:
    masked, seen = (0, 0.9, (0.1, 0.1, 0.3, 0.3)), (0, 0.8, (0.6, 0.1, 0.8, 0.3))
    both = Scores(np.asarray([0.9], np.float32), None, {}, boxes=boxes(masked, seen))
    found = Desk(BoxRule(), both, labels=("dent",), mask=RIGHT_HALF).examine()
    assert [mark.score for mark in found.decision.marks] == [pytest.approx(0.8)]
    only = Scores(np.asarray([0.9], np.float32), None, {}, boxes=boxes(masked))
    assert Desk(BoxRule(), only, labels=("dent",), mask=RIGHT_HALF).ends() == (Outcome.GOOD, Cause.CLEAN)


def test_a_mask_does_not_turn_what_is_no_number_into_nothing_found() -> None:
    broken = Scores(np.asarray([np.nan], np.float32), None, {}, boxes=boxes((0, 0.9, (0.1, 0.1, 0.3, 0.3))))
    assert Desk(BoxRule(), broken, labels=("dent",), mask=RIGHT_HALF).ends() == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)
    area = Scores(np.asarray([np.nan] * 2, np.float32), None, {}, class_map=np.zeros((2, 2), np.uint8))
    assert Desk(AreaRule(), area, labels=("ok", "rust"), mask=RIGHT_HALF).ends()[1] is Cause.NOT_A_NUMBER


def test_areas_are_shares_of_what_counts() -> None:
    rusty = Scores(np.zeros(2, np.float32), None, {}, class_map=np.asarray([[1, 1, 0, 0]], np.uint8))
    assert Desk(AreaRule(), rusty, labels=("ok", "rust"), mask=RIGHT_HALF).ends() == (Outcome.GOOD, Cause.CLEAN)
    assert Desk(AreaRule(), rusty, labels=("ok", "rust")).ends() == (Outcome.DEFECT, Cause.THRESHOLD)


def test_a_mask_that_covers_the_region_makes_the_part_unknown() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.1), mask=RIGHT_HALF, region=Region(width=0.4))
    assert desk.ends() == (Outcome.UNKNOWN, Cause.BAD_FRAME)
    assert not desk.scorer.seen


def test_a_defect_in_one_tile_makes_the_part_one() -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 50, np.uint8)
    pixels[:, 60:] = 250
    desk = Desk(AnomalyRule(threshold=0.6), mean_of, tiles=FOUR)
    found = desk.examine(pixels)
    assert (found.decision.outcome, found.decision.score) == (Outcome.DEFECT, pytest.approx(250 / 255))
    assert [tile.shape for tile in desk.scorer.seen] == [(HEIGHT, WIDTH // 4, 3)] * 4
    assert found.heat_map.shape == (2, 8)
    np.testing.assert_allclose(found.heat_map[0, 5:], [50 / 255, 250 / 255, 250 / 255])


def test_all_tiles_share_one_deadline() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.1), tiles=FOUR)
    desk.examine()
    assert len(set(desk.scorer.limits_ns)) == 1


def test_a_part_of_which_not_every_tile_was_judged_in_time_is_unknown() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.1), tiles=FOUR, takes_ms=200)
    found = desk.examine()
    assert found.decision.cause is Cause.BACKEND_HUNG
    assert found.decision.reason == "wanted 4 tiles judged in time, found 3 of them judged"


FAULTS = {
    Cause.BACKEND_HUNG: BackendHung("no answer"),
    Cause.BACKEND_FAILED: BackendFailed("out of arena"),
    Cause.INTERNAL: ZeroDivisionError("oops"),
    Cause.NOT_A_NUMBER: scores(float("nan")),
}


@pytest.mark.parametrize("cause", FAULTS)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_fault_in_any_tile_makes_the_part_unknown(cause: Cause, place: int) -> None:
    answers: list[Any] = [scores(0.1)] * 4
    answers[place] = FAULTS[cause]
    assert Desk(AnomalyRule(threshold=0.5), *answers, tiles=FOUR).ends() == (Outcome.UNKNOWN, cause)


TWO = Tiles(columns=2, rows=1, overlap=0.0)


def test_what_the_only_tile_that_is_not_masked_shows_counts_where_it_lies() -> None:
    """Its map was taken for one of the whole picture: what it showed on its own left side was masked away."""
    heat = np.asarray([[9, 1]] * 2, np.float32)
    hot = Scores(np.zeros(0, np.float32), heat, {})
    found = Desk(MapRule(threshold=5), hot, tiles=TWO, mask=RIGHT_HALF).examine()
    assert (found.decision.outcome, found.decision.score) == (Outcome.DEFECT, 9)
    np.testing.assert_array_equal(found.heat_map[0], [1, 1, 9, 1])


def test_a_box_in_the_only_tile_that_is_not_masked_counts_where_it_lies() -> None:
    dent = Scores(np.asarray([0.9], np.float32), None, {}, boxes=boxes((0, 0.9, (0.1, 0.1, 0.3, 0.3))))
    decision = Desk(BoxRule(), dent, labels=("dent",), tiles=TWO, mask=RIGHT_HALF).examine().decision
    assert decision.outcome is Outcome.DEFECT
    assert decision.marks[0].corners == pytest.approx((0.55, 0.1, 0.65, 0.3))


def test_one_tile_over_the_whole_picture_is_the_picture() -> None:
    """What can be taught of it, its features, stays with it."""
    told = Scores(np.asarray([0.1], np.float32), np.zeros((2, 2), np.float32), {"features": np.ones(3, np.float32)})
    desk = Desk(AnomalyRule(threshold=0.5), told, tiles=Tiles(reduction=16))
    judged = desk.examiner.judge(Frame(np.full((8, 8, 3), 50, np.uint8), 0, 1), NS_PER_S)
    assert judged.scores is told


def test_tiles_that_are_masked_are_not_asked_about() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), mean_of, tiles=FOUR, mask=RIGHT_HALF)
    found = desk.examine()
    assert len(desk.scorer.seen) == 2
    assert found.decision.outcome is Outcome.GOOD
    assert np.isfinite(found.heat_map).all()


@pytest.mark.parametrize(("tiles", "outcome", "label"), [
    (((0.9, 0.1), (0.8, 0.2)), Outcome.GOOD, "ok"),
    (((0.9, 0.1), (0.3, 0.7)), Outcome.DEFECT, "dent"),
    (((0.9, 0.1), (0.55, 0.45)), Outcome.UNKNOWN, "ok"),
    (((0.2, 0.8), (0.55, 0.45)), Outcome.DEFECT, "dent"),
])  # fmt: skip
def test_classified_tiles_are_judged_one_by_one(tiles: Any, outcome: Outcome, label: str) -> None:
    rule = ClassRule(good=("ok",), min_confidence=0.6)
    two = Tiles(columns=2, rows=1)
    found = Desk(rule, *(scores(*values) for values in tiles), labels=("ok", "dent"), tiles=two).examine()
    assert (found.decision.outcome, found.decision.label) == (outcome, label)


@pytest.mark.parametrize(("tiles", "score"), [
    (((0.9, 0.1), (0.7, 0.3)), 0.7),
    (((0.7, 0.3), (0.9, 0.1)), 0.7),
    (((0.3, 0.7), (0.2, 0.8)), 0.8),
    (((0.2, 0.8), (0.3, 0.7)), 0.8),
])  # fmt: skip
def test_of_good_tiles_the_least_sure_speaks_and_of_defective_ones_the_surest(tiles: Any, score: float) -> None:
    rule = ClassRule(good=("ok",), min_confidence=0.6)
    two = Tiles(columns=2, rows=1)
    found = Desk(rule, *(scores(*values) for values in tiles), labels=("ok", "dent"), tiles=two).examine()
    assert found.decision.score == pytest.approx(score)


def test_boxes_are_marked_in_the_whole_frame() -> None:
    quarter = Region(x=0.5, y=0.5, width=0.5, height=0.5)
    one = Scores(np.asarray([0.9], np.float32), None, {}, boxes=boxes((0, 0.9, (0.0, 0.5, 0.5, 1.0))))
    found = Desk(BoxRule(), one, labels=("dent",), region=quarter).examine()
    assert found.decision.marks[0].corners == pytest.approx((0.5, 0.75, 0.75, 1.0))


def test_a_window_is_judged_as_a_whole() -> None:
    desk = Desk(AnomalyRule(threshold=0.5), scores(0.9), region=Region(width=0.5))
    given = window()
    assert desk.examiner.examine(given, desk.clock.now_ns() + NS_PER_S).decision.outcome is Outcome.DEFECT
    assert desk.scorer.seen == [given]


def test_the_stations_thresholds_reach_the_rule() -> None:
    assert Desk(AnomalyRule(threshold=0.5), scores(0.4), threshold=0.3).ends()[0] is Outcome.DEFECT
    rule = ClassRule(good=("ok",), min_confidence=0.5)
    desk = Desk(rule, scores(0.7, 0.3), labels=("ok", "dent"), thresholds={"dent": 0.25})
    assert desk.ends()[0] is Outcome.DEFECT
