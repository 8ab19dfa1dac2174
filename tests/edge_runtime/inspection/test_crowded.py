"""A part with more boxes than are kept is never good by what was dropped."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_contracts.manifest import BoxHead, BoxLimit, BoxRule
from edge_contracts.verdict import Outcome
from edge_runtime.frames import Scores
from edge_runtime.heads.candidates import CandidateReader
from edge_runtime.heads.suppress import suppressed
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Decision, Ruling
from edge_runtime.inspection.tiling import Tile, TileScores, stitched
from tests.fakes.parts import boxes

SCRATCH = (1, 0.9, (0.0, 0.98, 0.004, 0.99))


def screws(count: int) -> list:
    return [
        (0, 0.95, (n % 20 / 20 + 0.01, n // 20 / 25 + 0.01, n % 20 / 20 + 0.03, n // 20 / 25 + 0.02))
        for n in range(count)
    ]


def judged(found, at_most: int | None) -> Decision:
    rule = BoxRule(limits={"screw": BoxLimit(at_most=at_most)})
    return decide(Scores(np.zeros(2, np.float32), None, {}, boxes=found), Ruling(rule, ("screw", "scratch")))


def tiled(*more) -> Decision:
    tiles = [Tile(slice(0, 100), slice(x, x + 100)) for x in (0, 100)]
    each = [boxes(*screws(200), *more), boxes(*screws(200))]
    parts = [
        TileScores(tile, Scores(np.zeros(2, np.float32), None, {}, boxes=one))
        for tile, one in zip(tiles, each, strict=True)
    ]
    return judged(stitched(parts, (100, 200), 2).boxes, 400)


def test_a_scratch_among_four_hundred_screws_in_tiles_is_a_defect() -> None:
    assert (tiled(SCRATCH).outcome, tiled(SCRATCH).label) == (Outcome.DEFECT, "scratch")


def test_four_hundred_screws_in_tiles_are_counted_and_good() -> None:
    assert tiled().outcome is Outcome.GOOD
    assert len(tiled().marks) == 400


def test_more_screws_than_the_head_keeps_are_never_good() -> None:
    corners = np.asarray([row[2] for row in screws(319)], np.float32)
    scores = np.full((319, 1), 0.95, np.float32)
    found = CandidateReader(BoxHead(boxes="corners"), 1, (9, 9)).read({"boxes": corners, "class-scores": scores})
    assert judged(found, 310).outcome is Outcome.UNKNOWN


row = st.tuples(st.integers(0, 1), st.sampled_from([0.2, 0.4, 0.6, 0.9]), st.integers(0, 9)).map(
    lambda r: (r[0], r[1], (r[2] / 10, 0.0, r[2] / 10 + 0.07, 0.1))
)


@settings(deadline=None)
@example([(0, 0.9, (0.0, 0.0, 0.07, 0.1)), (1, 0.6, (0.0, 0.0, 0.07, 0.1))], 1, None)
@given(st.lists(row, max_size=20), st.integers(1, 8), st.sampled_from([None, 0, 1, 3, 8]))
def test_what_is_dropped_never_makes_a_part_good(rows, most: int, at_most: int | None) -> None:
    found = boxes(*rows)
    whole = suppressed(found, 0.4, most=99)
    if judged(whole, at_most).outcome is not Outcome.GOOD:
        assert judged(suppressed(found, 0.4, most=most), at_most).outcome is not Outcome.GOOD
