"""Each remark is made where it helps and nowhere else."""

import numpy as np
import pytest

from converters.calibration.samples import Sample
from converters.gate.verify import Comparison
from converters.remarks import classes_note, few_inputs, noise_note, slower_note, threshold_note, verdict_note
from edge_contracts.manifest import AnomalyRule, ClassRule, Manifest, NoRule

NAMED = Manifest.model_construct(task="classification", labels=("ok", "bad", "odd"), rule=ClassRule(good=("ok",)))


@pytest.mark.parametrize(
    ("task", "labels", "ending"),
    [
        ("classification", ("0", "1"), "name its classes with --labels and the good ones with --good"),
        ("classification", ("bad", "good"), "does not judge: name the good ones with --good"),
        ("raw", (), "no station can inspect with it"),
        ("reconstruction", (), "no station can inspect with it"),
    ],
)
def test_only_what_was_not_said_is_asked_for(task, labels, ending):
    manifest = Manifest.model_construct(task=task, labels=labels, rule=NoRule())
    assert verdict_note(manifest).endswith(ending)


def test_a_model_that_judges_needs_no_remark():
    manifest = Manifest.model_construct(task="classification", labels=("a", "b"), rule=ClassRule(good=("a",)))
    assert verdict_note(manifest) == ""


@pytest.mark.parametrize(
    ("count", "said"), [(1, "compared on 1 input only: give 20 or more"), (19, "compared on 19 inputs only"), (20, "")]
)
def test_few_inputs_are_counted_as_they_were_given(count, said):
    assert few_inputs(count).startswith(said)
    assert bool(few_inputs(count)) == bool(said)


@pytest.mark.parametrize(
    ("before", "after", "is_said"),
    [(6.304, 7.101, True), (6.304, 6.5, False), (0.05, 0.09, False), (7.1, 6.3, False)],
)
def test_a_converted_model_that_is_slower_here_is_said_to_be(before, after, is_said):
    said = slower_note(before, after)
    assert bool(said) == is_said
    assert not said or f"({before:.3f} to {after:.3f} ms)" in said


def compared(classes, accuracy=None, noise_db=40.0):
    ones = np.ones(len(classes))
    return Comparison(
        len(classes), noise_db, ones, ones, agreement=1.0, accuracy_float=accuracy, classes_float=np.asarray(classes)
    )


def labelled(*labels):
    return [Sample(np.zeros(1, np.float32), str(place), label) for place, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("classes", "accuracy", "labels", "said"),
    [
        ([0, 0, 0, 0], 0.5, ("ok", "ok", "bad", "bad"), "calls every input 'ok', no better than a guess"),
        ([0, 1, 0, 1], 0.5, ("ok", "ok", "bad", "bad"), "is right on 50.0 % of the labelled inputs, no better than a"),
        ([0, 0, 1, 0], 0.75, ("ok", "ok", "bad", "bad"), ""),
        ([1, 1, 1], None, ("", "", ""), "calls every input 'bad': agreeing says nothing of other classes"),
        ([1, 0, 1], None, ("", "", ""), ""),
        ([1, 1, 1], 1.0, ("bad", "bad", "bad"), ""),
        ([-1, -1], None, ("", ""), ""),
    ],
)
def test_agreeing_with_a_classifier_that_guesses_proves_nothing(classes, accuracy, labels, said):
    found = classes_note(NAMED, compared(classes, accuracy), labelled(*labels))
    assert said in found
    assert bool(found) == bool(said)


@pytest.mark.parametrize(("noise_db", "is_said"), [(0.0, True), (9.9, True), (10.0, False), (-np.inf, False)])
def test_probabilities_that_drown_in_noise_are_told(noise_db, is_said):
    assert ("limits on them" in noise_note(compared([0, 1], noise_db=noise_db))) == is_said


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (1e30, "no input comes near the threshold of 1e+30: the highest score is 4"),
        (30.0, ""),
        (0.5, "every input reaches the threshold of 0.5: the lowest score is 1"),
        (2.0, ""),
    ],
)
def test_a_threshold_that_no_score_comes_near_is_told(threshold, said):
    scores = np.asarray([1.0, 4.0])
    manifest = Manifest.model_construct(task="anomaly", labels=(), rule=AnomalyRule(threshold=threshold))
    found = threshold_note(manifest, Comparison(2, 40.0, scores, scores))
    assert said in found
    assert bool(found) == bool(said)
