"""MVTec's layout: a folder per split, a folder per class, masks beside."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import read_dataset

PIXELS = np.full((20, 30, 3), 80, np.uint8)


@pytest.fixture
def mvtec(save, tmp_path):
    for name in ("train/good/000.png", "train/good/001.png", "test/good/000.png", "test/dent/000.png"):
        save(name, PIXELS)
    save("ground_truth/dent/000_mask.png", PIXELS)
    return tmp_path


def test_splits_labels_and_masks_are_read(mvtec):
    samples = read_dataset(mvtec)
    assert [(one.split, one.label, one.path.name) for one in samples] == [
        ("train", "good", "000.png"),
        ("train", "good", "001.png"),
        ("test", "dent", "000.png"),
        ("test", "good", "000.png"),
    ]
    assert [one.mask for one in samples if one.mask] == [mvtec / "ground_truth/dent/000_mask.png"]


def test_a_picture_without_its_mask_is_told(mvtec, save):
    save("test/dent/001.png", PIXELS)
    with pytest.raises(BadInputError, match=r"found none for 1, such as .*test/dent/001\.png"):
        read_dataset(mvtec)


def test_defects_for_training_have_their_masks_too(mvtec, save):
    save("train/dent/100.png", PIXELS)
    mask = save("ground_truth/dent/100.png", PIXELS)
    assert {one.path.name: one.mask for one in read_dataset(mvtec)}["100.png"] == mask


def test_pictures_of_one_name_in_two_splits_need_masks_of_their_own(mvtec, save):
    save("train/dent/000.png", PIXELS)
    with pytest.raises(BadInputError, match=r"wanted one picture for the mask .*000_mask\.png"):
        read_dataset(mvtec)
    own = save("ground_truth/train/dent/000_mask.png", PIXELS)
    masks = {one.split: one.mask for one in read_dataset(mvtec) if one.label == "dent"}
    assert masks == {"train": own, "test": mvtec / "ground_truth/dent/000_mask.png"}


def test_a_mask_without_a_picture_is_told(mvtec, save):
    save("ground_truth/dent/007_mask.png", PIXELS)
    with pytest.raises(BadInputError, match=r"007_mask\.png"):
        read_dataset(mvtec)


def test_a_folder_beside_the_splits_is_told(mvtec, save):
    save("later/good/1.png", PIXELS)
    with pytest.raises(BadInputError, match="found later"):
        read_dataset(mvtec)


def test_splits_without_good_parts_are_refused(save, tmp_path):
    save("train/dent/1.png", PIXELS)
    with pytest.raises(BadInputError, match="good or normal"):
        read_dataset(tmp_path)


def test_a_class_called_train_is_a_class(save, tmp_path):
    save("good/1.png", PIXELS)
    save("train/1.png", PIXELS)
    assert [one.label for one in read_dataset(tmp_path)] == ["good", "train"]
