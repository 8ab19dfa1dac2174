"""Fidelity hears of every class, and of numbers that are none."""

from __future__ import annotations

import numpy as np
import pytest

from converters.quantize.fidelity import Fidelity

SURE, UNSURE = np.array([[0.98, 0.01, 0.01]]), np.array([[0.4, 0.35, 0.25]])


def test_equal_distributions_agree_without_end() -> None:
    same = Fidelity.of([SURE, UNSURE], [SURE, UNSURE], classes=True)
    assert same.agreement == 1.0
    assert same.merit > 120


def test_a_turned_answer_costs_agreement_and_affinity() -> None:
    turned = Fidelity.of([SURE, UNSURE], [SURE, UNSURE[:, ::-1]], classes=True)
    assert turned.agreement == 0.5
    shifted = Fidelity.of([SURE, UNSURE], [SURE, UNSURE + np.array([0.01, 0, -0.01])], classes=True)
    assert shifted.agreement == 1.0
    assert shifted.merit > turned.merit + 5


def test_what_is_no_distribution_is_ranked_by_signal_to_noise() -> None:
    answer = Fidelity.of([np.array([10.0, 0.0])], [np.array([10.0, 1.0])])
    assert answer == Fidelity(pytest.approx(20.0), None, None)
    assert answer.merit == answer.snr_db


@pytest.mark.parametrize("classes", [True, False])
def test_an_answer_that_is_no_number_is_worst(*, classes: bool) -> None:
    broken = Fidelity.of([SURE], [np.array([[np.nan, 0.5, 0.5]])], classes=classes)
    assert broken.merit == -np.inf
