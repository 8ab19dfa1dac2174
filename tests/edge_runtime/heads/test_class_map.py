from __future__ import annotations

import math

import numpy as np
import pytest

from edge_contracts.manifest import PixelHead
from edge_runtime.heads.class_map import class_map_of, shares
from edge_runtime.heads.head_refused import HeadRefused

SCORES = np.asarray([[[[0, 1, 0], [9, 1, 0]], [[0, 0, 5], [0, 0, 7]]]], np.float32)


def test_the_largest_value_names_the_class() -> None:
    wanted = [[1, 0], [2, 2]]
    assert class_map_of(SCORES, PixelHead(), 3).tolist() == wanted
    assert class_map_of(np.moveaxis(SCORES, 3, 1), PixelHead(layout="NCHW"), 3).tolist() == wanted


def test_one_probability_per_place_is_compared_with_a_limit() -> None:
    plane = np.asarray([[[0.2], [0.7]]], np.float32)[None]
    assert class_map_of(plane, PixelHead(values="probabilities", least_score=0.6), 2).tolist() == [[0, 1]]
    logits = np.asarray([[[-1], [1]]], np.float32)[None]
    assert class_map_of(logits, PixelHead(values="sigmoid"), 2).tolist() == [[0, 1]]


def test_numbers_are_the_classes_themselves() -> None:
    assert class_map_of(np.asarray([[[0, 2]]], np.float32), PixelHead(values="numbers"), 3).tolist() == [[0, 2]]


def test_a_value_that_is_no_number_is_not_background() -> None:
    broken = SCORES.copy()
    broken[0, 0, 0, 1] = math.nan
    assert class_map_of(broken, PixelHead(), 3) is None


@pytest.mark.parametrize(("values", "head", "labels"), [
    (SCORES, PixelHead(), 4),
    (SCORES, PixelHead(values="probabilities"), 2),
    (SCORES[..., :1], PixelHead(values="probabilities"), 3),
    (np.asarray([[[0, 3]]], np.float32), PixelHead(values="numbers"), 3),
    (np.zeros((1, 4), np.float32), PixelHead(), 4),
])  # fmt: skip
def test_what_does_not_fit_is_refused(values: np.ndarray, head: PixelHead, labels: int) -> None:
    with pytest.raises(HeadRefused, match="wanted"):
        class_map_of(values, head, labels)


def test_shares_are_of_the_judged_places_alone() -> None:
    found = np.asarray([[0, 1], [1, 2]], np.uint8)
    np.testing.assert_allclose(shares(found, 3), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(shares(found, 3, np.asarray([[True, True], [False, False]])), [0.5, 0.5, 0])
    assert np.isnan(shares(found, 3, np.zeros((2, 2), bool))).all()
