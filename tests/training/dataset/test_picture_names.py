"""A defect that lies among good parts is noticed by its name, and an ordinary name raises no alarm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from training.dataset import Sample
from training.dataset.picture_names import doubtful_labels, doubtful_names


def _samples(*names: str) -> list[Sample]:
    return [Sample(Path("parts") / name, "good") for name in names]


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        (("normal-1.jpg", "anomaly-1.jpg", "normal-2.jpg"), r"1 of 3 pictures as good .*: anomaly-1\.jpg; if"),
        (("0001.png", "NG_7.png"), r"1 of 2 .*: NG_7\.png; if"),
        (("good1.png", "scratch1.png"), r"1 of 2 .*: scratch1\.png; if"),
        (("NG/1.png", "good/2.png"), r"1 of 2 .*: NG/1\.png; if"),
        (("defects/1.png", "defects/2.png"), r"2 of 2 .*: defects/1\.png, defects/2\.png; if"),
        (("defect1.png", "bad2.png", "fail3.png", "nok4.png"), r"4 of 4 .*: defect1\.png, bad2\.png, fail3\.png …; if"),
    ],
)
def test_names_that_speak_of_defects_are_told(names: tuple[str, ...], doubtful: str) -> None:
    assert re.search(doubtful, doubtful_names(_samples(*names)))


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_1.jpg", "DSC2.jpg", "3.jpg"),
        ("normal-1.jpg", "good_2.jpg", "3.jpg"),
        ("badge-1.png", "banger.png"),
        ("defects-2024/1.png",),
    ],
)
def test_ordinary_names_are_not_told(names: tuple[str, ...]) -> None:
    assert doubtful_names(_samples(*names)) == ""


@pytest.mark.parametrize("label", ["god", "Goood", "nromal", "OK", "good-2", "goods", "Normal (left)"])
def test_a_label_that_looks_like_good_and_counts_as_a_defect_is_told(label: str) -> None:
    samples = [
        *_samples("1.png"),
        *(Sample(Path(name), label) for name in ("2.png", "3.png")),
        Sample(Path("4"), "dent"),
    ]
    assert doubtful_labels(samples) == (
        f"counted as defects: {label!r} (2); if a label of these means good parts, call them good"
    )


@pytest.mark.parametrize(
    "label", ["good", "Normal", "abnormal", "anomal", "anormal", "no good", "gold", "dent", "goodyear"]
)
def test_a_label_of_a_defect_is_not_told(label: str) -> None:
    assert doubtful_labels([Sample(Path("1.png"), label)]) == ""
