"""The gate: what it compares, what it refuses, and what it says."""

from dataclasses import replace

import numpy as np
import pytest

from converters.gate.verify import Comparison, chance_note, judge, undecided_note
from device_profiles import load_profile

LIMITS = load_profile("rpi-4b").limits
SCORES = np.ones(4)


def gate(*, force=False, random_inputs=False, **figures):
    comparison = Comparison(4, figures.pop("signal_to_noise_db", 40.0), SCORES, SCORES, **figures)
    return judge(comparison, LIMITS, random_inputs=random_inputs, force=force)


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (
            {"accuracy_float": 0.92, "accuracy": 0.90, "agreement": 0.9},
            "a loss of at most 1 points of accuracy, found 2",
        ),
        (
            {"agreement": 0.94, "expected_loss": 0.03, "expected_loss_least": 0.011},
            "the float model's class on 95 % of the inputs, or on 80 % at a loss of at most 1 points of accuracy "
            "by its own probabilities, found 94.0 % and a loss of 3.00 points",
        ),
        ({"agreement": 0.79, "expected_loss": 0.0, "expected_loss_least": 0.0}, "or on 80 % at a loss"),
        ({"score_shift": 0.031}, "scores within 3 % of the float model's, found 3.10 %"),
        ({"score_shift": 0.0, "auroc_float": 0.95, "auroc": 0.94}, "a loss of at most 0.005 of AUROC, found 0.0100"),
        ({"signal_to_noise_db": 9.9}, "wanted 10 dB of signal over noise, found 9.9 dB"),
    ],
)
def test_each_limit_refuses_and_says_by_how_much(figures, sentence):
    refused = gate(**figures)
    assert refused.verdict == "refused"
    assert sentence in refused.reasons[0]
    assert gate(force=True, **figures).verdict == "forced"
    assert gate(random_inputs=True, **figures).verdict == "reported"


@pytest.mark.parametrize(
    "figures",
    [
        {"accuracy_float": 0.92, "accuracy": 0.915, "agreement": 0.5},
        {"agreement": 0.95},
        {"agreement": 0.95, "expected_loss": 0.05, "expected_loss_least": 0.02},
        {"agreement": 0.8, "expected_loss": 0.02, "expected_loss_least": 0.01},
        {"score_shift": 0.03},
        {"score_shift": 0.0, "auroc_float": 0.95, "auroc": 0.96},
        {"signal_to_noise_db": 10.0},
    ],
)
def test_what_stays_within_the_limits_passes(figures):
    assert gate(**figures).verdict == "passed"


@pytest.mark.parametrize(
    "figures",
    [
        {"agreement": np.nan},
        {"agreement": 0.8, "expected_loss": np.nan, "expected_loss_least": np.nan},
        {"agreement": 0.8, "expected_loss": 0.0, "expected_loss_least": 0.0, "signal_to_noise_db": -np.inf},
        {"score_shift": np.nan},
        {"accuracy_float": 0.9, "accuracy": np.nan},
        {"score_shift": 0.0, "auroc_float": 0.9, "auroc": np.nan},
        {"signal_to_noise_db": np.nan},
        {"signal_to_noise_db": -np.inf},
    ],
)
def test_a_nan_never_passes_the_gate(figures):
    assert gate(**figures).verdict == "refused"


def test_labels_decide_alone_where_there_are_any():
    lost = {"agreement": 0.5, "expected_loss": 0.4, "expected_loss_least": 0.3}
    assert gate(accuracy_float=0.9, accuracy=0.9, **lost).verdict == "passed"


def test_a_person_is_told_of_classes_that_changed_and_what_they_cost():
    changed = Comparison(4, 20.0, SCORES, SCORES, agreement=0.92, expected_loss=0.004, expected_loss_least=0.001)
    assert "another class than float's on 8.0 % of the inputs" in undecided_note(changed)
    assert "costs 0.40 points of accuracy" in undecided_note(changed)
    assert undecided_note(replace(changed, accuracy_float=0.9, accuracy=0.9)) == ""
    assert undecided_note(replace(changed, agreement=0.96)) == ""


def test_a_person_is_told_where_the_detector_itself_is_no_better_than_chance():
    foreign = Comparison(4, 40.0, SCORES, SCORES, auroc_float=0.29, auroc=0.29)
    assert "are these the parts that it was made for?" in chance_note(foreign)
    assert chance_note(replace(foreign, auroc_float=0.9)) == chance_note(replace(foreign, auroc_float=None)) == ""
