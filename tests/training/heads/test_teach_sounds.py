"""Labelled recordings add a head as labelled pictures do, and the board says what was fitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pytest

from converters.gate.metrics import auroc
from edge_contracts.bundle import Bundle
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from training.detectors.float_bundle import float_bundle
from training.detectors.kinds import sound_kinds
from training.detectors.learn_sounds import learn_sounds, scores_of_inputs
from training.detectors.threshold_rule import ThresholdRule
from training.features.feature_part import hear_features
from training.heads.fusion import POOLED_HEAD, Fusion, gains_of
from training.heads.head import fit_heads
from training.heads.head_graph import joined_graph
from training.heads.layered_part import layered_ear
from training.heads.learn_sounds import _evidence, _pooling, teach_sounds
from training.heads.pooled import add_pooled

RATE_HZ, GOOD, DEFECTS = 8000, 8, 5
GROUPS = [str(place) for place in range(GOOD + DEFECTS)]


def _fan(seed: int, *, ticks: bool = False) -> Window:
    """Noise of a fan; on demand it ticks three times a second."""
    random = np.random.default_rng(seed)
    at = np.arange(round(1.5 * RATE_HZ)) / RATE_HZ
    sound = random.normal(0, 0.03, at.size) * random.uniform(0.7, 1.4)
    if ticks:
        sound += 0.1 * np.sin(2 * np.pi * 1500 * at) * (np.mod(at * 3, 1) < 0.05)
    return Window(sound[:, None].astype(np.float32), RATE_HZ, 0, 1, f"{seed}.wav")


RECORDINGS = [*(_fan(seed) for seed in range(GOOD)), *(_fan(50 + seed, ticks=True) for seed in range(DEFECTS))]


@pytest.fixture(scope="module")
def detector():
    return learn_sounds(RECORDINGS[:GOOD])


@pytest.fixture(scope="module")
def ear():
    return layered_ear(RECORDINGS[:GOOD], None)


def _says(detector, recording: Window) -> float:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    manifest, members = float_bundle(detector, name="fan", inputs={}, settings={}, created=now)
    return float(Predictor.load(Bundle(manifest, "0" * 64, members)).predict(recording).values[0])


def test_a_recording_is_the_mean_of_what_its_inputs_say(detector, ear) -> None:
    branch = add_pooled(ear)
    heard, pooled = hear_features(ear, RECORDINGS), hear_features(_pooling(branch), RECORDINGS)
    evidence, part_of = _evidence(pooled, GROUPS, GOOD)
    everyone = np.ones(len(part_of), bool)
    heads = fit_heads(evidence, everyone)
    normality = sound_kinds()[detector.selection.kind](np.concatenate(heard[:GOOD]), np.random.default_rng(0))
    scores = np.concatenate([scores_of_inputs(normality, one) for one in heard])
    logits = {POOLED_HEAD: heads[POOLED_HEAD].logits(evidence, everyone)}
    fusion = Fusion("sum", 1.0, gains_of(scores, logits, evidence.is_defect))
    joined = fusion.joined(scores, logits)
    taught = replace(detector, graph=joined_graph(detector.graph, branch.graph, heads, fusion, 1e9))
    for place in (0, GOOD):
        assert _says(taught, RECORDINGS[place]) == pytest.approx(joined[part_of == place].mean(), rel=2e-2)


def test_a_tick_is_learned_on_top_of_what_good_recordings_say(detector, ear) -> None:
    taught = teach_sounds(detector, ear, RECORDINGS, GROUPS, good=GOOD, rule=ThresholdRule())
    assert set(taught.aurocs) == {"good-only", "sum", "maximum"}
    assert (taught.defects, taught.drawn, len(taught.detector.good_scores)) == (DEFECTS, 0, GOOD)
    assert taught.aurocs[taught.choice] > taught.aurocs["good-only"]
    fine, ticking = ([_says(taught.detector, _fan(100 + seed, ticks=on)) for seed in range(6)] for on in (False, True))
    assert auroc(fine, ticking) > 0.9
