"""A dataset's version says what is in it, not where it lies."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Box, dataset_version, read_dataset


@pytest.fixture
def samples(save, tmp_path):
    for place in range(3):
        save(f"parts/good/{place}.png", np.full((8, 8, 3), 80 + place, np.uint8))
    return read_dataset(tmp_path / "parts")


def test_another_place_name_or_order_is_the_same_version(samples, tmp_path):
    version = dataset_version(samples)
    shutil.move(tmp_path / "parts", tmp_path / "moved")
    (tmp_path / "moved/good/0.png").rename(tmp_path / "moved/good/9.png")
    assert dataset_version(read_dataset(tmp_path / "moved")[::-1]) == version
    assert len(version) == 64


@pytest.mark.parametrize(
    "change",
    [{"label": "dent"}, {"split": "test"}, {"group": "7"}, {"boxes": (Box(1, 2, 3, 4, "dent"),)}],
)
def test_what_is_said_of_a_picture_is_part_of_the_version(change, samples):
    changed = [replace(samples[0], **change), *samples[1:]]
    assert dataset_version(changed) != dataset_version(samples)


def test_a_pixel_a_mask_and_a_copy_are_another_version(samples, save):
    version = dataset_version(samples)
    assert dataset_version([*samples, samples[0]]) != version
    assert dataset_version([replace(samples[0], masks=(samples[1].path,)), *samples[1:]]) != version
    save("parts/good/0.png", np.full((8, 8, 3), 200, np.uint8))
    assert dataset_version(samples) != version


def test_a_file_that_went_away_is_told(samples):
    samples[1].path.unlink()
    with pytest.raises(BadInputError, match=r"1\.png"):
        dataset_version(samples)
