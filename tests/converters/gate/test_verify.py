"""The gate: what it compares, what it refuses, and what it says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from converters.calibration.samples import Sample
from converters.gate.confusion import confusion
from converters.gate.notes import chance_note, labels_note, undecided_note
from converters.gate.verify import NO_CLASS, Comparison, compare, judge
from device_profiles import load_profile
from edge_runtime.frames import Scores

LIMITS = load_profile("rpi-4b").limits
SCORES = np.ones(4)


class Told:
    """Answers that are known beforehand."""

    def __init__(self, labels, *answers):
        self.samples = [Sample(np.zeros(1, np.float32), "x", label) for label in labels]
        self._answers = answers

    def of(self, _models, _progress):
        return self._answers


def compared(task, wanted, found, labels=None, other=None):
    """Through `compare`, from a row of float's answers and one of the artefact's for each input."""
    manifest = SimpleNamespace(task=task, labels=("good", "scratch"))
    backend = SimpleNamespace(runtime="litert", version="2", kernels="xnnpack")
    model = SimpleNamespace(manifest=manifest, backend=backend)
    answers = [[scores(row) for row in rows] for rows in (wanted, found, other) if rows is not None]
    return compare(
        model, model, Told(labels or [""] * len(wanted), *answers), {}, other=None if other is None else model
    )


def scores(row):
    values = np.asarray(row, np.float32)
    return Scores(values, None, {"answer": values[None]})


def gate(*, force=False, random_inputs=False, **figures):
    all_labelled = {"labelled": 4, "labelled_classes": 2} if "accuracy" in figures else {}
    comparison = Comparison(4, figures.pop("signal_to_noise_db", 40.0), SCORES, SCORES, **{**all_labelled, **figures})
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
        (
            {"signal_to_noise_db": 40.0, "part_signal_to_noise_db": 9.9, "noisiest_part": "the scores"},
            "wanted 10 dB of signal over noise, found 9.9 dB in the scores",
        ),
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


SURE, LOST = (0.9, 0.1), (np.nan, np.nan)


@pytest.mark.parametrize("label", ["", "good"])
@pytest.mark.parametrize("lost", [LOST, (0.9, np.nan), (np.inf, 0.1)])
@pytest.mark.parametrize("task", ["classification", "anomaly", "none"])
def test_one_answer_that_is_no_number_is_refused_whatever_the_others_say(task, lost, label):
    found = compared(task, [SURE] * 100, [SURE] * 99 + [lost], [label] * 100)
    refused = judge(found, LIMITS, random_inputs=False, force=False)
    assert refused.verdict == "refused"
    assert "found NaN or infinity for 1 of 100 inputs" in refused.reasons[0]


def test_what_float_itself_cannot_answer_is_not_held_against_the_artefact():
    found = compared("classification", [SURE, (-np.inf, 0.0)], [SURE, (-np.inf, 0.0)])
    assert found.not_finite == 0


def test_kernels_that_alone_answer_nan_are_told():
    found = compared("classification", [SURE] * 2, [SURE] * 2, other=[SURE, LOST])
    assert (found.not_finite, found.other.not_finite) == (0, 1)


def test_an_answer_that_is_no_number_is_no_class_and_costs_the_whole_of_floats():
    found = compared("classification", [SURE] * 2, [SURE, LOST], ["good"] * 2)
    assert found.classes.tolist() == [0, NO_CLASS]
    assert (found.agreement, found.accuracy) == (0.5, 0.5)
    assert found.expected_loss == pytest.approx(0.45)
    manifest = SimpleNamespace(labels=("good", "scratch"))
    told = confusion(manifest, found, [Sample(np.zeros(1, np.float32), "x", "good")] * 2)
    assert told.labels == ("good",)
    assert told.as_document()["cells"] == [["good", "no answer", 0, 1], ["good", "good", 2, 1]]


@pytest.mark.parametrize(
    ("labelled", "classes", "verdict"),
    [(100, 2, "passed"), (95, 2, "passed"), (94, 2, "refused"), (100, 1, "refused")],
)
def test_labels_decide_alone_where_they_cover_the_inputs_and_two_classes(labelled, classes, verdict):
    figures = {"accuracy_float": 0.9, "accuracy": 0.9, "agreement": 0.5, "expected_loss_least": 0.3}
    changed = Comparison(100, 40.0, SCORES, SCORES, labelled=labelled, labelled_classes=classes, **figures)
    assert judge(changed, LIMITS, random_inputs=False, force=False).verdict == verdict


def test_three_labelled_inputs_do_not_decide_for_two_hundred():
    wanted, labels = [SURE, SURE[::-1]] * 100, ["good", "scratch", "good", *[""] * 197]
    changed = compared("classification", wanted, wanted[:3] + [row[::-1] for row in wanted[3:]], labels)
    assert (changed.labelled, changed.labelled_classes, changed.accuracy) == (3, 2, 1.0)
    refused = judge(changed, LIMITS, random_inputs=False, force=False)
    assert refused.verdict == "refused"
    assert "found 1.5 % and a loss of 78.80 points" in refused.reasons[0]


def test_labels_of_one_class_do_not_decide_for_a_model_that_answers_nothing_else():
    wanted, found = [SURE] * 60 + [SURE[::-1]] * 40, [SURE] * 100
    one_class = compared("classification", wanted, found, ["good"] * 100)
    assert (one_class.accuracy_float, one_class.accuracy) == (0.6, 1.0)
    refused = judge(one_class, LIMITS, random_inputs=False, force=False)
    assert refused.verdict == "refused"
    assert "found 60.0 % and a loss of 32.00 points" in refused.reasons[0]


def test_agreeing_on_the_one_class_that_float_knows_is_no_proof():
    wanted, labels = [SURE] * 100, ["good"] * 100
    for found, verdict in (((0.91, 0.09), "passed"), ((0.55, 0.45), "refused")):
        one_class = compared("classification", wanted, [found] * 100, labels)
        judged = judge(one_class, LIMITS, random_inputs=False, force=False)
        assert (one_class.agreement, judged.verdict) == (1.0, verdict)
    assert "10 dB of signal over noise, as float answers one class to every input, found 5.2 dB" in judged.reasons[0]


def test_a_person_is_told_how_many_inputs_had_labels():
    few = Comparison(200, 40.0, SCORES, SCORES, accuracy_float=1.0, accuracy=1.0, labelled=3, labelled_classes=1)
    assert labels_note(few).startswith("accuracy is that of 3 of 200 inputs, of 1 class:")
    assert labels_note(replace(few, labelled=200, labelled_classes=2)) == ""
    assert labels_note(replace(few, accuracy_float=None, accuracy=None)) == ""
    (reason,) = judge(replace(few, accuracy=0.5), LIMITS, random_inputs=False, force=False).reasons
    assert reason.endswith("found 50.00 on 3 of 200 inputs")


def test_a_person_is_told_of_classes_that_changed_and_what_they_cost():
    changed = Comparison(4, 20.0, SCORES, SCORES, agreement=0.92, expected_loss=0.004, expected_loss_least=0.001)
    assert "another class than float's on 8.0 % of the inputs" in undecided_note(changed)
    assert "costs 0.40 points of accuracy" in undecided_note(changed)
    labelled = {"accuracy_float": 0.9, "accuracy": 0.9, "labelled_classes": 2}
    assert undecided_note(replace(changed, labelled=4, **labelled)) == ""
    assert undecided_note(replace(changed, labelled=1, **labelled))
    assert undecided_note(replace(changed, agreement=0.96)) == ""


def test_a_person_is_told_where_the_detector_itself_is_no_better_than_chance():
    foreign = Comparison(4, 40.0, SCORES, SCORES, auroc_float=0.29, auroc=0.29)
    assert "are these the parts that it was made for?" in chance_note(foreign)
    assert chance_note(replace(foreign, auroc_float=0.9)) == chance_note(replace(foreign, auroc_float=None)) == ""
