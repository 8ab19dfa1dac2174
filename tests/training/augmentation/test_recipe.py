"""A recipe says all of its errors at once."""

from __future__ import annotations

import pytest

from edge_contracts.errors import BadInputError
from training.augmentation import read_recipe


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[geometry]\nrotate = 5", r"geometry\.rotate: unknown key.*rotate_deg"),
        ("[geometry]\nshift = 2", r"geometry\.shift"),
        ("[geometry]\nflip = 'sideways'", r"geometry\.flip"),
        ("[noise]\njpeg_quality = 0\nsensor = -1", r"noise\.sensor.*noise\.jpeg_quality"),
        ("[cut_paste]\narea_min = 0.1\narea_max = 0.01", "area_min up to area_max"),
        ("[geometry", "unreadable"),
    ],
)
def test_a_fault_is_told(text, found, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(BadInputError, match=found):
        read_recipe(path)


def test_a_recipe_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInputError, match=r"recipe\.toml"):
        read_recipe(tmp_path / "recipe.toml")
