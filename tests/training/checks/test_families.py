"""Relatives are found in one way, and whoever holds out goes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_contracts.errors import BadInputError
from training.checks.facts import Facts
from training.checks.families import families, family_names
from training.checks.looked import Looked
from training.dataset import Sample, read_dataset
from training.detectors.threshold_rule import ThresholdRule
from training.learning import learn_dataset


def looked(rows, near=()):
    """rows: (group, content)."""
    facts = tuple(
        Facts(Sample(Path(f"{place}.wav"), "good", group), content) for place, (group, content) in enumerate(rows)
    )
    return Looked(facts, tuple(tuple(facts[place] for place in group) for group in near))


def test_a_copy_joins_two_groups_to_one_family():
    found = looked([("a", "1"), ("a", "2"), ("b", "2"), ("b", "3"), ("", "4"), ("", "5")], near=[(3, 4)])
    assert families(found) == [(0, 1, 2, 3, 4), (5,)]
    assert families(found, more=[(0, 5)]) == [(0, 1, 2, 3, 4, 5)]
    assert family_names(found) == ["1"] * 5 + ["5"]


def test_copies_in_other_groups_are_no_parts_of_their_own(tmp_path, save, draw_part):
    rows = ["path,label,group"]
    for place in range(50):
        name = f"{place}.{'png' if place < 25 else 'bmp'}"
        save(name, draw_part(place % 25, height=60, width=80))
        rows.append(f"{name},good,tray-{place}")
    (tmp_path / "parts.csv").write_text("\n".join(rows))
    samples = read_dataset(tmp_path / "parts.csv")
    with pytest.raises(BadInputError, match=r"found 2[0-5]; take 2"):
        learn_dataset(samples, tmp_path, backbone=None, rule=ThresholdRule("conformal"), seed=0, good_only=True)


def test_copies_of_a_defect_are_one_defect(tmp_path, save, draw_part):
    for place in range(12):
        save(f"parts/good/{place}.png", draw_part(place, height=60, width=80))
        save(f"parts/dent/{place}.png", draw_part(100 + place % 4, scratch=True, height=60, width=80))
    samples = read_dataset(tmp_path / "parts")
    learned = learn_dataset(samples, tmp_path, backbone=None, kind="gauss", seed=0, good_only=False)
    assert learned.taught is None
    assert "12 labelled defects were not learned: 5 defects that are no relatives" in learned.notes[0]
