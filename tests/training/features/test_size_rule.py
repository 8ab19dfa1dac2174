from __future__ import annotations

import pytest

from training.features.size_rule import InputSize, input_size


@pytest.mark.parametrize(
    ("shapes", "wanted"),
    [
        ([(480, 640)], InputSize(224, 224)),
        ([(768, 576)], InputSize(224, 224)),
        ([(100, 200)], InputSize(224, 448)),
        ([(200, 100)], InputSize(448, 224)),
        ([(100, 160)], InputSize(224, 352)),
        ([(10, 1000)], InputSize(224, 1792)),
    ],
)
def test_only_long_parts_keep_their_proportion(shapes: list[tuple[int, int]], wanted: InputSize) -> None:
    assert input_size(shapes) == wanted


def test_the_median_photograph_decides() -> None:
    assert input_size([(480, 640), (480, 640), (100, 900)]) == InputSize(224, 224)


def test_the_short_side_is_the_features_own() -> None:
    assert input_size([(480, 640)], side_px=96) == InputSize(96, 96)
