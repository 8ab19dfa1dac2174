"""Fidelity hears of every class, and of numbers that are none."""

from __future__ import annotations

import numpy as np
import pytest

from converters.quantize.fidelity import Fidelity

SURE, UNSURE = np.array([[9.0, 0.0, -3.0]]), np.array([[0.2, 0.1, 0.0]])


def test_equal_logits_have_no_noise() -> None:
    assert Fidelity.of_logits([SURE, UNSURE], [SURE, UNSURE]) == Fidelity(np.inf, 1.0)


def test_a_shift_of_all_logits_is_no_noise() -> None:
    shifted = Fidelity.of_logits([SURE], [SURE + 5])
    assert shifted.snr_db > 200
    assert shifted.agreement == 1.0


def test_turned_classes_are_counted() -> None:
    turned = Fidelity.of_logits([SURE, UNSURE], [SURE, UNSURE[:, ::-1]])
    assert turned.agreement == 0.5
    assert turned.snr_db == pytest.approx(10 * np.log10((78.0 + 0.02) / 0.08))


def test_an_answer_without_classes_has_its_noise_alone() -> None:
    assert Fidelity.of([np.array([10.0, 0.0])], [np.array([10.0, 1.0])]) == Fidelity(pytest.approx(20.0), None)


@pytest.mark.parametrize("compare", [Fidelity.of, Fidelity.of_logits])
def test_numbers_that_are_none_are_worse_than_any(compare) -> None:
    assert compare([SURE], [np.array([[np.nan, 0.5, 0.5]])]).snr_db == -np.inf
