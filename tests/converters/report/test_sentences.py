"""What the page says in words."""

from __future__ import annotations

import numpy as np
import pytest

from converters.report.sentences import hottest, preparation
from edge_contracts.manifest import ImageInput, TensorInput

CAMERA = {"scale": 1 / 255, "zero_point": -128}


def test_a_shifted_byte_is_recognised():
    spec = ImageInput(tensor="x", height_px=96, width_px=128, dtype="int8", std=(255.0,), quantisation=CAMERA)
    said = preparation(spec)
    assert "stretched to 128 × 96 px by area averaging, in the order red, green, blue" in said
    assert "p becomes x = p / 255" in said
    assert "which is p − 128" in said


def test_means_and_deviations_per_channel_are_all_told():
    spec = ImageInput(
        tensor="x", height_px=8, width_px=8, dtype="float32", mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4)
    )
    said = preparation(spec)
    assert "x = (p − (123.7, 116.3, 103.5)) / (58.4, 57.1, 57.4), and is stored as float32." in said
    assert "which is p" not in said


def test_numbers_keep_their_real_unit():
    spec = TensorInput(tensor="x", shape=(1, 49, 10, 1), dtype="int8", quantisation={"scale": 0.5, "zero_point": 83})
    assert preparation(spec).endswith("in its real unit, and is stored as int8: round(x / 0.5) + 83.")


@pytest.mark.parametrize(
    ("place", "words"), [((0, 0), "upper left"), ((1, 1), "centre"), ((2, 1), "lower middle"), ((1, 2), "middle right")]
)
def test_the_hottest_place_is_named(place, words):
    heat = np.zeros((3, 3), np.float32)
    heat[place] = 1
    assert hottest(heat) == words
