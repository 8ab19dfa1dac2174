from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.station import Region
from edge_runtime.inspection.region import cut, rectangle


def test_the_whole_picture_is_the_default() -> None:
    assert rectangle(Region(), 48, 64) == (slice(0, 48), slice(0, 64))


def test_a_quarter_of_the_picture() -> None:
    assert rectangle(Region(x=0.5, y=0.25, width=0.5, height=0.5), 48, 64) == (slice(12, 36), slice(32, 64))


def test_cutting_copies_nothing() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    assert cut(pixels, Region(width=0.5)).base is pixels


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-6, 1), st.floats(1e-6, 1), st.integers(1, 99), st.integers(1, 99))
def test_every_region_holds_at_least_one_pixel(
    x: float, y: float, width: float, height: float, height_px: int, width_px: int
) -> None:
    region = Region.model_construct(x=x, y=y, width=min(width, 1 - x), height=min(height, 1 - y))
    assert cut(np.zeros((height_px, width_px, 3), np.uint8), region).size > 0
