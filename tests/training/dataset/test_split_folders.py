"""MVTec's layout: a folder per split, a folder per class, masks beside."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import dataset_version, read_dataset
from training.dataset.drawn import defect_mask
from training.dataset.manifest import read_manifest, write_manifest

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
    assert [one.masks for one in samples if one.masks] == [(mvtec / "ground_truth/dent/000_mask.png",)]


def test_a_picture_without_its_mask_is_told(mvtec, save):
    save("test/dent/001.png", PIXELS)
    with pytest.raises(BadInputError, match=r"found none for 1, such as .*test/dent/001\.png"):
        read_dataset(mvtec)


def test_defects_for_training_have_their_masks_too(mvtec, save):
    save("train/dent/100.png", PIXELS)
    mask = save("ground_truth/dent/100.png", PIXELS)
    assert {one.path.name: one.masks for one in read_dataset(mvtec)}["100.png"] == (mask,)


def test_pictures_of_one_name_in_two_splits_need_masks_of_their_own(mvtec, save):
    save("train/dent/000.png", PIXELS)
    with pytest.raises(BadInputError, match=r"wanted one picture for the mask .*000_mask\.png"):
        read_dataset(mvtec)
    own = save("ground_truth/train/dent/000_mask.png", PIXELS)
    masks = {one.split: one.masks for one in read_dataset(mvtec) if one.label == "dent"}
    assert masks == {"train": (own,), "test": (mvtec / "ground_truth/dent/000_mask.png",)}


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


@pytest.fixture
def loco(save, tmp_path):
    """As MVTec LOCO AD has it: a folder of numbered masks per picture, each with a value of its own kind of defect."""
    for name in ("train/good/000", "validation/good/000", "test/good/000"):
        save(f"{name}.png", PIXELS)
    for kind, values in (("logical_anomalies", (255, 249)), ("structural_anomalies", (231,))):
        save(f"test/{kind}/000.png", PIXELS)
        for number, value in enumerate(values):
            drawn = np.zeros((20, 30), np.uint8)
            drawn[5 * number : 5 * number + 4, 3:9] = value
            save(f"ground_truth/{kind}/000/{number:03}.png", drawn)
    kinds = [{"defect_name": "missing_bolt", "pixel_value": 255, "saturation_threshold": 16}]
    (tmp_path / "defects_config.json").write_text(json.dumps(kinds))
    return tmp_path


def test_a_picture_may_have_a_folder_of_masks(loco):
    samples = {(one.split, one.label): one for one in read_dataset(loco)}
    assert list(samples) == [
        ("train", "good"),
        ("validation", "good"),
        ("test", "good"),
        ("test", "logical_anomalies"),
        ("test", "structural_anomalies"),
    ]
    folder = loco / "ground_truth/logical_anomalies/000"
    assert samples["test", "logical_anomalies"].masks == (folder / "000.png", folder / "001.png")
    assert len(samples["test", "structural_anomalies"].masks) == 1
    assert samples["test", "good"].masks == ()
    together = defect_mask(samples["test", "logical_anomalies"])
    assert together.sum() == 2 * 4 * 6
    assert together[5:9, 3:9].all()


def test_every_mask_of_a_picture_counts_in_its_version_and_survives_a_manifest(loco, save):
    before = read_dataset(loco)
    write_manifest(loco / "all.csv", before)
    again = {one.path.resolve(): one for one in read_manifest(loco / "all.csv")}
    assert [len(again[one.path.resolve()].masks) for one in before] == [len(one.masks) for one in before]
    version = dataset_version(before)
    assert dataset_version(tuple(again.values())) == version
    save("ground_truth/logical_anomalies/000/001.png", np.full((20, 30), 9, np.uint8))
    assert dataset_version(read_dataset(loco)) != version


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ground_truth/logical_anomalies/000.png", r"masks of a picture in one place, found .*000\.png and .*000.*000"),
        ("ground_truth/logical_anomalies/000/more/1.png", "found folders; mend it"),
        ("ground_truth/logical_anomalies/007/000.png", r"found none for 1, such as .*007.000\.png"),
        ("test/logical_anomalies/001.png", r"found none for 1, such as .*001\.png"),
    ],
)
def test_masks_that_fit_no_picture_or_two_places_are_told(loco, save, name, found):
    save(name, PIXELS)
    with pytest.raises(BadInputError, match=found):
        read_dataset(loco)


def test_an_empty_folder_of_masks_is_told(loco):
    (loco / "ground_truth/structural_anomalies/001").mkdir()
    with pytest.raises(BadInputError, match=r"structural_anomalies.001, found none"):
        read_dataset(loco)


def test_masks_of_one_picture_have_one_size(loco, save):
    save("ground_truth/logical_anomalies/000/001.png", np.full((10, 30), 9, np.uint8))
    logical = next(one for one in read_dataset(loco) if one.label == "logical_anomalies")
    with pytest.raises(BadInputError, match=r"001\.png of 30×10 px beside 30×20"):
        defect_mask(logical)
