"""What a source's own splits leave out or part is said, and what is for training is not judged by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.dataset import Sample
from training.dataset.judged_split import to_judge
from training.dataset.split_rows import parted_groups, parted_sentence, rows_apart


def rows(*told):
    """told: (split, group)."""
    return [Sample(Path(f"{place}.png"), "good", group, split) for place, (split, group) in enumerate(told)]


@pytest.mark.parametrize(
    ("splits", "judged", "named"),
    [
        (["train", "val", "test"], ["test"], "test"),
        (["train", "val"], ["val"], "val"),
        (["train", "", "dev", "dev"], ["", "dev", "dev"], "dev, none"),
        (["train", "train"], ["train", "train"], None),
        (["", ""], ["", ""], None),
    ],
)
def test_rows_for_training_are_judged_only_where_there_are_no_others(splits, judged, named):
    chosen, told = to_judge(rows(*((one, "") for one in splits)), None, Path("parts.csv"))
    assert ([one.split for one in chosen], told) == (judged, named)


def test_rows_that_no_split_takes_are_counted():
    told = rows_apart(rows(("train", ""), ("", ""), ("", ""), ("dev", ""), ("validation", ""), ("test", "")))
    assert told.startswith("left out of what is learned: 2 without a split, 1 of 'dev', of 6 rows; give them")
    assert rows_apart(rows(("", ""), ("", ""))) == ""
    assert rows_apart(rows(("train", ""), ("val", ""), ("test", ""))) == ""


def test_groups_on_both_sides_are_named():
    parted = rows(
        ("train", "a"), ("test", "a"), ("train", "b"), ("train", "b"), ("train", "c"), ("", "c"), ("test", "d")
    )
    assert parted_groups(parted) == ["a", "c"]
    assert parted_sentence(["a", "c"]).startswith("2 groups lie in the split train and outside of it at once (a, c): ")
    assert parted_groups(rows(("", "a"), ("", "a"), ("test", "b"), ("val", "b"), ("train", ""), ("test", ""))) == []
    assert parted_sentence([]) == ""
