"""What a dataset teaches, and what the bundle says of it."""

from __future__ import annotations

from datetime import datetime, timezone

from training.dataset import read_dataset
from training.detectors.threshold_rule import ThresholdRule
from training.learning import learn_dataset, packed


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
