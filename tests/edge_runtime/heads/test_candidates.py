"""Every layout in which detectors write their candidates ends in the same boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge_contracts.manifest import BoxHead, PriorLayer
from edge_runtime.heads.candidates import CandidateReader, sigmoid
from edge_runtime.heads.head_refused import HeadRefused

SIZE_PX = (100, 200)
"""Height and width of the model's input."""

PLACE = (0.25, 0.2, 0.75, 0.6)
"""x1, y1, x2, y2 of the one box that each of these networks sees."""


def read(head: BoxHead, labels: int = 2, **outputs: Any):
    arrays = {role.replace("_", "-"): np.asarray(values, np.float32) for role, values in outputs.items()}
    return CandidateReader(head, labels, SIZE_PX).read(arrays)


def logit(share: float) -> float:
    return math.log(share / (1 - share))


CORNERS = [[0.25, 0.2, 0.75, 0.6], [0, 0, 0.1, 0.1]]
LAYOUTS: dict[str, tuple[dict[str, Any], list[list[float]]]] = {
    "corners in fractions": ({"boxes": "corners"}, CORNERS),
    "corners in pixels": ({"boxes": "corners", "unit": "pixels"}, [[50, 20, 150, 60], [0, 0, 20, 10]]),
    "corners, y first": ({"boxes": "corners-yx"}, [[0.2, 0.25, 0.6, 0.75], [0, 0, 0.1, 0.1]]),
    "centre and size": ({"boxes": "centre", "unit": "pixels"}, [[100, 40, 100, 40], [10, 5, 20, 10]]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_box_is_the_same_however_it_is_written(layout: str) -> None:
    settings, boxes = LAYOUTS[layout]
    found = read(BoxHead(**settings), boxes=[boxes], class_scores=[[[0.02, 0.9], [0.05, 0.05]]])
    np.testing.assert_allclose(found.corners, [PLACE], atol=1e-6)
    assert (found.labels.tolist(), found.scores.tolist()) == ([1], [pytest.approx(0.9)])


def test_yolov5_multiplies_each_class_by_the_objectness() -> None:
    head = BoxHead(boxes="centre", unit="pixels", objectness=True)
    found = read(head, candidates=[[[100, 40, 100, 40, 0.5, 0.02, 0.8], [100, 40, 100, 40, 0.01, 1, 1]]])
    assert (found.labels.tolist(), found.scores.tolist()) == ([1], [pytest.approx(0.4)])
    np.testing.assert_allclose(found.corners, [PLACE], atol=1e-6)


def test_yolov8_writes_each_candidate_as_a_column() -> None:
    table = np.asarray([[100, 40, 100, 40, 0.02, 0.8], [10, 5, 20, 10, 0.01, 0.02], [9, 9, 9, 9, 0, 0]], np.float32)
    found = read(BoxHead(boxes="centre", unit="pixels", axes="columns"), candidates=[table.T])
    np.testing.assert_allclose(found.corners, [PLACE], atol=1e-6)
    assert found.labels.tolist() == [1]


def test_yolov8_without_its_last_layers_gives_distances_as_bins() -> None:
    """Cell (row 1, column 3) of stride 50 has its centre at (175, 75): 2, 1.5 − 0 … strides away from the edges."""
    bins = np.full((8, 4, 16), -100.0, np.float32)
    cell = 1 * 4 + 3
    for edge, strides in enumerate((2, 1, 0, 0)):
        bins[cell, edge, strides] = 100
    scores = np.full((8, 2), logit(0.01), np.float32)
    scores[cell, 0] = logit(0.75)
    table = np.concatenate([bins.reshape(8, 64), scores], axis=1)
    found = read(BoxHead(boxes="distances", strides=(50,), scores="sigmoid"), candidates=[table])
    np.testing.assert_allclose(found.corners, [[75 / 200, 25 / 100, 175 / 200, 75 / 100]], atol=1e-5)
    assert found.scores.tolist() == [pytest.approx(0.75)]


def test_a_distance_between_two_bins_lies_between_them() -> None:
    bins = np.full((8, 4, 16), -100.0, np.float32)
    bins[:, :, 0] = 0
    bins[5, 0, 1] = 0
    scores = np.full((8, 1), 0.0, np.float32)
    scores[5] = 1
    head = BoxHead(boxes="distances", strides=(50,))
    found = read(head, 1, candidates=[np.concatenate([bins.reshape(8, 64), scores], axis=1)])
    np.testing.assert_allclose(found.corners, [[(75 - 25) / 200, 0.75, 75 / 200, 0.75]], atol=1e-5)


def test_priors_are_grown_and_moved_as_ssd_says() -> None:
    layer = PriorLayer(rows=1, columns=2, sizes=((0.5, 0.4), (0.1, 0.1)))
    offsets = np.zeros((4, 4), np.float32)
    offsets[2] = [-1, 2, math.log(2) / 0.2, 0]
    head = BoxHead(boxes="priors", priors=(layer,), background=0, scores="softmax")
    scores = [[9, 0], [9, 0], [0, 9], [9, 0]]
    found = read(head, 1, boxes=[offsets], class_scores=[scores])
    centre, size = (0.75 - 0.1 * 0.5, 0.5 + 0.1 * 2 * 0.4), (1.0, 0.4)
    wanted = [centre[0] - size[0] / 2, centre[1] - size[1] / 2, 1.0, centre[1] + size[1] / 2]
    np.testing.assert_allclose(found.corners, [wanted], atol=1e-6)
    assert found.scores.tolist() == [pytest.approx(1 / (1 + math.exp(-9)))]


def test_priors_of_the_detection_zoo_have_y_first() -> None:
    layer = PriorLayer(rows=1, columns=1, sizes=((0.5, 0.4),))
    head = BoxHead(boxes="priors-yx", priors=(layer,), variances=(0.1, 0.2))
    found = read(head, 1, boxes=[[[1.0, 0, 0, 0]]], class_scores=[[[0.9]]])
    np.testing.assert_allclose(found.corners, [[0.25, 0.34, 0.75, 0.74]], atol=1e-6)


@pytest.mark.parametrize("role", ["boxes", "class_scores"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_one_number_that_is_none_is_not_nothing_found(role: str, bad: float) -> None:
    outputs = {"boxes": [[[0, 0, 1, 1]]], "class_scores": [[[0.0, 0.0]]]}
    assert len(read(BoxHead(boxes="corners"), **outputs).scores) == 0
    outputs[role][0][0][0] = bad
    assert read(BoxHead(boxes="corners"), **outputs) is None


def test_a_box_beyond_the_border_is_cut_and_one_wholly_beyond_goes() -> None:
    boxes = [[[-0.5, -0.5, 0.5, 0.5], [1.2, 0, 1.5, 1], [0.9, 0.6, 0.7, 0.5]]]
    found = read(BoxHead(boxes="corners"), 1, boxes=boxes, class_scores=[[[0.9], [0.8], [0.7]]])
    np.testing.assert_allclose(found.corners, [[0, 0, 0.5, 0.5], [0.7, 0.5, 0.9, 0.6]], atol=1e-6)


def test_a_growth_beyond_all_pictures_is_still_a_number() -> None:
    head = BoxHead(boxes="priors", priors=(PriorLayer(rows=1, columns=1, sizes=((0.5, 0.5),)),))
    found = read(head, 1, boxes=[[[0, 0, 3e38, 3e38]]], class_scores=[[[0.9]]])
    np.testing.assert_array_equal(found.corners, [[0, 0, 1, 1]])


def test_of_many_candidates_the_best_of_each_label_are_looked_at() -> None:
    rng = np.random.default_rng(3)
    low = rng.uniform(0, 0.9, (500, 2))
    boxes = np.concatenate([low, low + 0.01], axis=1)
    scores = rng.uniform(0.2, 0.9, (500, 2))
    found = read(BoxHead(boxes="corners", most=20), boxes=[boxes], class_scores=[scores])
    assert np.bincount(found.labels).max() <= 20
    assert found.cut_at == pytest.approx(np.sort(scores, axis=0)[-21].max())
    assert found.scores[0] == pytest.approx(scores.max())
    assert (np.diff(found.scores) <= 0).all()


WRONG = {
    "a column too few": {"boxes": [[[0, 0, 1, 1]]], "class_scores": [[[0.5]]]},
    "rows that do not match": {"boxes": [[[0, 0, 1, 1]] * 2], "class_scores": [[[0.5, 0.5]]]},
    "boxes of five": {"boxes": [[[0, 0, 1, 1, 1]]], "class_scores": [[[0.5, 0.5]]]},
    "no axes": {"boxes": [1.0], "class_scores": [[[0.5, 0.5]]]},
}


@pytest.mark.parametrize("what", WRONG)
def test_outputs_of_another_shape_are_refused(what: str) -> None:
    with pytest.raises(HeadRefused, match="wanted"):
        read(BoxHead(boxes="corners"), **WRONG[what])


def test_another_number_of_priors_than_candidates_is_refused() -> None:
    head = BoxHead(boxes="priors", priors=(PriorLayer(rows=1, columns=2, sizes=((0.5, 0.5),)),))
    with pytest.raises(HeadRefused, match=r"wanted 2 candidates .* found 1 boxes"):
        read(head, 1, boxes=[[[0, 0, 0, 0]]], class_scores=[[[0.9]]])


@pytest.mark.parametrize("settings", [
    {"boxes": "priors"},
    {"boxes": "corners", "priors": (PriorLayer(rows=1, columns=1, sizes=((1, 1),)),)},
    {"boxes": "distances"},
    {"boxes": "centre", "strides": (8,)},
])  # fmt: skip
def test_a_head_that_lacks_what_it_needs_is_no_head(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="do not go together"):
        BoxHead(**settings)


def test_the_sigmoid_knows_no_overflow() -> None:
    np.testing.assert_allclose(sigmoid(np.asarray([-1e9, 0, 1e9], np.float32)), [0, 0.5, 1])
