"""What a dataset teaches, and what the bundle says of it."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest

from edge_contracts.bundle import CARD
from edge_contracts.card import Card
from edge_contracts.errors import BadInputError
from training import learning
from training.dataset import Sample, read_dataset
from training.dataset.amounts import MOST_PARTS, drawn_by_lot
from training.detectors.threshold_rule import ThresholdRule
from training.learning import learn_dataset, packed, to_learn
from training.train_text import trained_document, trained_text


def test_a_promise_stands_in_the_provenance_with_its_confidence(tmp_path, save, draw_part):
    for place in range(12):
        save(f"parts/{place}.png", draw_part(place, height=60, width=80))
    rule = ThresholdRule("conformal", overkill=0.3, confidence=0.8)
    samples = read_dataset(tmp_path / "parts")
    learned = learn_dataset(samples, tmp_path, backbone=None, kind="gauss", rule=rule, seed=0, good_only=True)
    manifest, _ = packed(learned, tmp_path / "plate.bundle", 0, datetime(2026, 1, 1, tzinfo=timezone.utc))
    (step,) = manifest.provenance
    assert (step.settings["threshold"], step.settings["overkill"], step.settings["confidence"]) == (
        "conformal",
        0.3,
        0.8,
    )


def test_of_too_many_parts_some_are_drawn_by_lot_and_it_is_told(tmp_path, save, draw_part, monkeypatch):
    for place in range(14):
        save(f"parts/{place:02}.png", draw_part(place, height=60, width=80))
    monkeypatch.setattr(learning, "drawn_by_lot", partial(drawn_by_lot, most=12))
    samples = read_dataset(tmp_path / "parts")
    learned = learn_dataset(samples, tmp_path, backbone=None, kind="gauss", seed=3, good_only=True)
    assert list(learned.good) == drawn_by_lot(samples, 3, 12)
    assert "learned 12 of 14 good parts, drawn by lot" in learned.notes[0]
    assert "part the set first with 'lepton data split'" in learned.notes[0]
    manifest, members = packed(learned, tmp_path / "plate.bundle", 3, datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert manifest.provenance[0].settings["photographs"] == 12
    assert learned.notes[0] in Card.model_validate_json(members[CARD]).notes


@pytest.mark.parametrize(("odd_width", "notes"), [(80, 0), (120, 1)])
def test_pictures_of_several_sizes_are_told_as_the_check_tells_them(tmp_path, save, draw_part, odd_width, notes):
    for place in range(12):
        save(f"parts/{place}.png", draw_part(place, height=60, width=odd_width if place == 5 else 80))
    samples = read_dataset(tmp_path / "parts")
    learned = learn_dataset(samples, tmp_path, backbone=None, kind="gauss", seed=0, good_only=True)
    said = [note for note in learned.notes if "the pictures have 2 sizes: 11 of 80×60 px, 1 of 120×60 px" in note]
    assert len(said) == notes
    assert all("1 of another shape, which a detector stretches" in note for note in said)


def test_the_lots_are_the_seed_s_and_of_the_whole_set():
    samples = [Sample(Path(f"{place}.png"), "good") for place in range(5000)]
    lots = drawn_by_lot(samples, 0)
    assert len(lots) == MOST_PARTS
    places = [int(one.path.stem) for one in lots]
    assert places == sorted(places)
    assert places[-1] > 4900
    assert drawn_by_lot(samples, 0) == lots != drawn_by_lot(samples, 1)
    assert drawn_by_lot(samples[:5], 0) == samples[:5]


def test_where_no_good_part_is_to_be_learned_the_labels_and_splits_there_are_are_told():
    rows = [("OK", "train"), ("OK", "train"), ("good", "check"), ("dent", "")]
    samples = [Sample(Path(f"{place}.png"), label, split=split) for place, (label, split) in enumerate(rows)]
    with pytest.raises(
        BadInputError, match=r"none among 4 \(labels OK: 2, good: 1, dent: 1; splits train: 2, check: 1"
    ):
        to_learn(samples, Path("parts.csv"))


def test_the_order_of_rows_does_not_matter():
    samples = [Sample(Path(f"{place}.png"), "good" if place % 2 else "dent") for place in range(6)]
    assert to_learn(samples[::-1], Path("parts.csv")) == to_learn(samples, Path("parts.csv"))


def test_relatives_are_held_out_together_and_counted_once(tmp_path, save, draw_part):
    paths = [save(f"parts/{place:02}.png", draw_part(place, height=60, width=80)) for place in range(12)]
    alone, related = (
        learn_dataset(
            [Sample(path, "good", group=f"part-{place // many}") for place, path in enumerate(paths)],
            tmp_path,
            backbone=None,
            kind="gauss",
            seed=0,
            good_only=True,
        )
        for many in (1, 3)
    )
    groups = related.detector.threshold.groups
    assert groups <= 4 < alone.detector.threshold.groups
    assert related.detector.good_scores != alone.detector.good_scores
    manifest, _ = packed(related, tmp_path / "plate.bundle", 0, datetime(2026, 1, 1, tzinfo=timezone.utc))
    told = trained_text(trained_document(related, manifest, tmp_path / "plate.bundle", "0" * 64, 1.0))
    assert f", from {groups} groups of relatives)" in told
