"""YOLO annotations: a text file per picture, and what is missing or too many."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Box, read_dataset

PIXELS = np.full((20, 40, 3), 80, np.uint8)


@pytest.fixture
def yolo(save, tmp_path):
    """`yolo("train", a="0 .5 .5 .2 .2")` writes picture a with its labels below images/train and labels/train."""

    def write(split="", **labels):
        (tmp_path / "classes.txt").write_text("dent\ncrack\n")
        for name, text in labels.items():
            save(f"images/{split}/{name}.png", PIXELS)
            path = tmp_path / "labels" / split / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_boxes_become_pixels_and_an_empty_file_means_good(yolo):
    good, bad = read_dataset(yolo(a="", b="0 0.5 0.5 0.25 0.5\n1 0.1 0.1 0.1 0.1\n"))
    assert (good.label, good.boxes) == ("good", ())
    assert bad.label == "dent"
    assert bad.boxes == (Box(15, 5, 10, 10, "dent"), Box(pytest.approx(2), pytest.approx(1), 4, 2, "crack"))


def test_boxes_are_those_of_the_upright_picture(yolo, save, tag, tmp_path):
    yolo(a="1 0.5 0.5 1 1")
    (tmp_path / "images" / "a.png").unlink()
    tag(save("images/a.jpg", PIXELS), orientation=6)
    assert read_dataset(tmp_path)[0].boxes == (Box(0, 0, 20, 40, "crack"),)


@pytest.mark.parametrize("pattern", ["images/{}", "{}/images"])
def test_both_ways_to_lay_out_splits(pattern, save, tmp_path):
    (tmp_path / "data.yaml").write_text("names:\n  0: dent\n  1: crack\ntrain: ../train/images\n")
    for split in ("train", "test"):
        images = pattern.format(split)
        save(f"{images}/1.png", PIXELS)
        labels = tmp_path / images.replace("images", "labels")
        labels.mkdir(parents=True)
        (labels / "1.txt").write_text("1 .5 .5 .5 .5")
    assert {(one.split, one.label) for one in read_dataset(tmp_path)} == {("train", "crack"), ("test", "crack")}
    assert len(read_dataset(tmp_path / "data.yaml")) == 2


def test_a_picture_without_labels_is_not_taken_for_good(yolo, save):
    folder = yolo(a="")
    save("images/b.png", PIXELS)
    with pytest.raises(BadInputError, match=r"such as b\.png; draw its boxes, or add an empty file"):
        read_dataset(folder)


def test_labels_without_a_picture_are_told(yolo, tmp_path):
    yolo(a="")
    (tmp_path / "labels" / "gone.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(BadInputError, match=r"gone\.txt"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("0 .5 .5 .1", "found 4"),
        ("0 .5 .5 .1 .1 .2 .3", "no outlines"),
        ("2 .5 .5 .1 .1", "number 2"),
        ("0 20 5 8 8", "more than 1"),
        ("0 .5 .5 0 .1", "above zero"),
        ("0 .5 nan .1 .1", "above zero"),
        ("dent .5 .5 .1 .1", "dent"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(line, found, yolo):
    with pytest.raises(BadInputError, match=rf"line 2 of .*a\.txt.*{found}"):
        read_dataset(yolo(a=f"0 .5 .5 .1 .1\n{line}\n"))


@pytest.mark.parametrize(("text", "found"), [("nc: 2", "'names'"), ("names: [", "YAML"), ("names: dent", "'names'")])
def test_names_that_are_none_are_told(text, found, yolo, tmp_path):
    yolo(a="")
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(BadInputError, match=found):
        read_dataset(tmp_path)


def test_an_empty_line_among_the_names_moves_no_class(yolo, tmp_path):
    yolo(a="2 .5 .5 .1 .1")
    (tmp_path / "classes.txt").write_text("dent\n\nscratch\ngood\n")
    with pytest.raises(BadInputError, match=r"name in each line of .*classes\.txt, found line 2 empty"):
        read_dataset(tmp_path)
    (tmp_path / "classes.txt").write_text("dent\ncrack\nscratch\n\n \n")
    assert read_dataset(tmp_path)[0].label == "scratch"


def test_labels_without_names_are_refused(yolo, tmp_path):
    yolo(a="")
    (tmp_path / "classes.txt").unlink()
    with pytest.raises(BadInputError, match="names"):
        read_dataset(tmp_path)
