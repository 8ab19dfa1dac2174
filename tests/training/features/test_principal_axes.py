from __future__ import annotations

import numpy as np
import pytest

from training.features.principal_axes import all_axes


def test_axes_and_variances_make_up_the_covariance() -> None:
    rows = np.random.default_rng(7).normal(size=(50, 4)).astype(np.float32) * (4, 3, 2, 1) + 100
    found = all_axes(rows)
    assert found.centre == pytest.approx(rows.mean(axis=0))
    assert found.axes * found.variance @ found.axes.T == pytest.approx(np.cov(rows, rowvar=False), abs=1e-9)
    assert list(found.variance) == sorted(found.variance, reverse=True)
    assert found.axes.T @ found.axes == pytest.approx(np.eye(4), abs=1e-12)


@pytest.mark.parametrize("rows", [0, 1])
def test_one_row_has_no_axes(rows: int) -> None:
    with pytest.raises(ValueError, match=f"wanted two rows or more .*, found {rows}"):
        all_axes(np.ones((rows, 3)))
