"""A changed class costs what the float model itself says it costs."""

import numpy as np
import pytest

from converters.gate.expected_loss import ExpectedLoss


def loss(*answers):
    """answers: float's probabilities of two classes, and the class that the artefact takes."""
    return ExpectedLoss.of(np.asarray([row for row, _ in answers]), np.asarray([taken for _, taken in answers]))


SURE, UNDECIDED = (0.95, 0.05), (0.51, 0.49)


def test_the_same_classes_cost_nothing():
    assert loss((SURE, 0), (UNDECIDED, 0)) == ExpectedLoss(0.0, 0.0)


def test_another_class_costs_what_float_gave_to_its_own_above_it():
    assert loss((SURE, 1), (SURE, 0)).mean == pytest.approx(0.45)
    assert loss((UNDECIDED, 1), (SURE, 0)).mean == pytest.approx(0.01)


def test_few_inputs_prove_little():
    few = loss(*[(SURE, 1)] * 2, *[(SURE, 0)] * 18)
    many = loss(*[(SURE, 1)] * 200, *[(SURE, 0)] * 1800)
    assert few.mean == pytest.approx(many.mean) == pytest.approx(0.09)
    assert few.least < 0.01 < many.least


def test_float_is_right_as_often_as_its_probabilities_say():
    """Labels drawn by them: the accuracy that goes with the changed classes is the expected loss."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 20_000)
    labels = (probabilities.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    best = probabilities.argmax(axis=1)
    taken = np.where(random.random(20_000) < 0.2, random.integers(0, 3, 20_000), best)
    lost = np.mean(best == labels) - np.mean(taken == labels)
    assert ExpectedLoss.of(probabilities, taken).mean == pytest.approx(lost, abs=0.01)
