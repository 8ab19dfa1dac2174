"""COCO annotations: pictures with boxes, and what a broken export says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Box, read_dataset

PIXELS = np.full((20, 30, 3), 80, np.uint8)


def document(**changes):
    return {
        "info": {"year": 2024},
        "images": [
            {"id": 1, "file_name": "1.png", "width": 30, "height": 20},
            {"id": 2, "file_name": "2.png", "width": 30, "height": 20},
        ],
        "categories": [{"id": 7, "name": "dent"}, {"id": 8, "name": "crack"}],
        "annotations": [
            {"id": 1, "image_id": 2, "category_id": 7, "bbox": [1, 2, 3, 4], "segmentation": []},
            {"id": 2, "image_id": 2, "category_id": 8, "bbox": [10, 5, 8, 9]},
        ],
        **changes,
    }


@pytest.fixture
def coco(save, tmp_path):
    """`coco(**changes)` writes two pictures and their annotations, and gives the file."""

    def write(name="annotations.json", **changes):
        for picture in ("1.png", "2.png"):
            save(f"images/{picture}", PIXELS)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(**changes)))
        return path

    return write


def test_a_picture_is_what_its_largest_box_says_and_good_without_one(coco):
    good, bad = read_dataset(coco())
    assert (good.label, good.boxes, good.is_good) == ("good", (), True)
    assert bad.label == "crack"
    assert bad.boxes == (Box(1, 2, 3, 4, "dent"), Box(10, 5, 8, 9, "crack"))


def test_a_box_is_cut_at_the_edge_of_its_picture(coco):
    boxes = [{"image_id": 1, "category_id": 7, "bbox": [25, -2, 10, 12]}]
    assert read_dataset(coco(annotations=boxes))[0].boxes == (Box(25, 0, 5, 10, "dent"),)


def test_the_only_file_of_an_export_that_names_no_split_has_none(coco, tmp_path):
    coco("annotations/instances_default.json")
    assert {one.split for one in read_dataset(tmp_path)} == {""}


def test_files_of_a_folder_are_its_splits(coco, tmp_path):
    coco("annotations/instances_train2017.json", images=document()["images"][:1], annotations=[])
    coco("annotations/instances_test2017.json", images=document()["images"][1:])
    assert {(one.path.name, one.split) for one in read_dataset(tmp_path)} == {("1.png", "train"), ("2.png", "test")}


def test_a_file_per_split_beside_its_pictures(save, tmp_path):
    for split in ("train", "test"):
        for picture in ("1.png", "2.png"):
            save(f"{split}/{picture}", PIXELS)
        (tmp_path / split / "_annotations.coco.json").write_text(json.dumps(document()))
    samples = read_dataset(tmp_path)
    assert [one.split for one in samples] == ["test", "test", "train", "train"]


def test_a_picture_that_no_file_names_is_told(coco, save, tmp_path):
    coco("annotations/all.json")
    save("images/3.png", PIXELS)
    with pytest.raises(BadInputError, match=r"such as 3\.png"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"images": []}, "wanted images"),
        ({"images": [{"id": 1, "file_name": "gone.png"}], "annotations": []}, r"1 of 1 missing.*gone\.png"),
        ({"images": [{"id": 1, "file_name": "../../etc/1.png"}], "annotations": []}, "inside its folder"),
        ({"images": [{"id": 1, "file_name": "/etc/1.png"}], "annotations": []}, "inside its folder"),
        ({"images": [document()["images"][0]] * 2}, "image id once"),
        ({"images": [{"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "1.png"}]}, "file_name once"),
        ({"annotations": [{"image_id": 9, "category_id": 7, "bbox": [1, 1, 2, 2]}]}, "image 9"),
        ({"annotations": [{"image_id": 1, "category_id": 9, "bbox": [1, 1, 2, 2]}]}, "category 9"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 0, 2]}]}, r"above zero.*1\.png"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [40, 1, 5, 2]}]}, r"inside the picture.*1\.png"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1]}]}, "annotations.0.bbox"),
        ({"categories": None}, "categories"),
    ],
)
def test_a_broken_export_says_what_is_broken(changes, found, coco):
    with pytest.raises(BadInputError, match=found):
        read_dataset(coco(**changes))


def test_what_is_no_json_is_refused(tmp_path):
    path = tmp_path / "all.json"
    path.write_text("{")
    with pytest.raises(BadInputError, match="unreadable"):
        read_dataset(path)


@pytest.mark.parametrize(("content", "found"), [("[]", "found a list"), ("7", "found a single value")])
def test_json_of_another_kind_is_named(content, found, tmp_path):
    (tmp_path / "all.json").write_text(content)
    with pytest.raises(BadInputError, match=found):
        read_dataset(tmp_path / "all.json")
