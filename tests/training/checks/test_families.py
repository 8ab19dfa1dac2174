"""Relatives are found in one way, and whoever holds out goes by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.checks.facts import Facts
from training.checks.families import families, family_names
from training.checks.looked import Looked, look_at
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


def test_two_kinds_of_parts_are_not_two_parts(tmp_path, save, draw_part):
    """What all of one kind share is no likeness of two parts; a part that was saved anew is."""
    for place in range(12):
        save(f"parts/plain-{place}.png", draw_part(place))
        save(f"parts/dark-{place}.png", 255 - draw_part(50 + place))
    again = save("parts/again.png", np.rint(draw_part(7) * 1.1).astype(np.uint8))
    found = look_at(read_dataset(tmp_path / "parts"))
    assert max(map(len, found.near)) > 5
    related = [{found.facts[place].sample.path.name for place in one} for one in families(found) if len(one) > 1]
    assert any({again.name, "plain-7.png"} <= one for one in related)
    assert max(map(len, related)) <= 5


def test_one_thing_again_and_again_is_left_to_the_check(tmp_path, save, draw_part):
    for place in range(12):
        noisy = draw_part(0, height=240, width=320) + np.random.default_rng(place).integers(0, 3, (240, 320, 3))
        save(f"parts/{place}.png", np.clip(noisy, 0, 255).astype(np.uint8))
    found = look_at(read_dataset(tmp_path / "parts"))
    assert len(found.near[0]) == 12
    assert len(families(found)) == 12


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
