"""The same part again is told from another part of the same product."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.checks.near_duplicates import near_duplicates
from training.checks.relatives import connected


def thumbnail(pixels):
    return cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA)


@pytest.fixture
def parts(draw_part):
    """Thirty parts of one product: alike, none the same."""
    random = np.random.default_rng(5)
    parts = []
    for seed in range(30):
        part = draw_part(seed).copy()
        for _ in range(6):
            x, y = (int(value) for value in random.integers(5, 110, 2))
            cv2.circle(part, (x, y), 4, (60, 60, 60), -1)
        parts.append(part)
    return parts


ALTERED = {
    "saved with loss": lambda part: cv2.imdecode(cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 1),
    "made smaller": lambda part: cv2.resize(part, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
    "made brighter": lambda part: np.clip(part * 1.15 + 8, 0, 255).astype(np.uint8),
    "with noise": lambda part: np.clip(part + np.random.default_rng(0).normal(0, 6, part.shape), 0, 255).astype(
        np.uint8
    ),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_part_that_was_altered_is_found_and_no_other(how, parts):
    thumbnails = [thumbnail(part) for part in [*parts, ALTERED[how](parts[7])]]
    assert near_duplicates(thumbnails) == [(7, 30)]


def test_another_colour_is_another_part(parts):
    other = parts[3][..., ::-1].copy()
    assert near_duplicates([thumbnail(part) for part in [*parts, other]]) == []


def test_what_is_found_does_not_depend_on_blocks(parts, monkeypatch):
    thumbnails = [thumbnail(part) for part in [*parts, *parts[:5]]]
    whole = near_duplicates(thumbnails)
    monkeypatch.setattr("training.checks.near_duplicates.BLOCK", 7)
    assert sorted(near_duplicates(thumbnails)) == sorted(whole) == [(place, 30 + place) for place in range(5)]


def test_a_set_of_one_picture_again_and_again_is_one_group(draw_part):
    thumbnails = [thumbnail(draw_part(0))] * 4
    assert connected(4, near_duplicates(thumbnails)) == [(0, 1, 2, 3)]


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_for_a_pair(count, draw_part):
    assert near_duplicates([thumbnail(draw_part(0))] * count) == []


def test_relatives_of_relatives_are_relatives():
    assert connected(7, [(5, 1), (3, 5), (2, 6)]) == [(1, 3, 5), (2, 6)]
