from __future__ import annotations

import numpy as np
import pytest

from training.heads.logistic import fit_logistic


def _rows(count: int, columns: int, seed: int = 0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, columns))
    return rows, random.random(count) < 1 / (1 + np.exp(-2 * rows[:, 0]))


def _cost(rows, is_defect, weights, bias, strength):
    """Straight from the definition, on standardised rows."""
    centre, spread = rows.mean(0), rows.std(0)
    shares = len(rows) / (2 * np.where(is_defect, is_defect.sum(), (~is_defect).sum()))
    inner = weights * spread
    margins = np.where(is_defect, 1, -1) * ((rows - centre) / spread @ inner + bias + weights @ centre)
    return inner @ inner / 2 + strength * (shares * np.log1p(np.exp(-margins))).sum()


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(("count", "columns"), [(200, 5), (20, 300)])
def test_no_other_weights_cost_less(count: int, columns: int, strength: float) -> None:
    rows, is_defect = _rows(count, columns)
    found = fit_logistic(rows, is_defect, strength)
    least = _cost(rows, is_defect, found.weights, found.bias, strength)
    random = np.random.default_rng(1)
    for _ in range(20):
        aside = random.normal(size=columns) * 1e-3
        assert least < _cost(rows, is_defect, found.weights + aside, found.bias, strength)
        assert least < _cost(rows, is_defect, found.weights, found.bias + 1e-2 * random.choice([-1, 1]), strength)


def test_few_defects_weigh_as_much_as_many_good_parts() -> None:
    rows = np.concatenate([np.full((90, 1), -1.0), np.full((10, 1), 1.0)])
    logits = fit_logistic(rows, np.arange(100) >= 90).logits(np.array([[-1.0], [1.0]]))
    assert logits[0] == pytest.approx(-logits[1])


def test_a_number_in_other_units_changes_nothing() -> None:
    rows, is_defect = _rows(60, 4)
    units = np.array([1e-4, 1.0, 1e3, 7.0])
    before, after = (
        fit_logistic(rows, is_defect).logits(rows),
        fit_logistic(rows * units + 5, is_defect).logits(rows * units + 5),
    )
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_number_that_never_varies_gets_no_weight() -> None:
    rows, is_defect = _rows(60, 3)
    rows[:, 1] = 0.1
    assert fit_logistic(rows, is_defect).weights[1] == 0.0


def test_one_kind_alone_is_refused() -> None:
    rows, _ = _rows(10, 2)
    with pytest.raises(ValueError, match="0 defects of 10"):
        fit_logistic(rows, np.zeros(10, bool))
