"""The known good parts of a bundle: numbers, or the bundle is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest

from edge_contracts.bundle import BundleRejected
from edge_runtime.lessons.known import read_known
from tests.edge_runtime.lessons.lessons_made import WIDTH, good_rows


def member(rows: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()


def test_rows_of_finite_numbers_are_known_parts() -> None:
    assert read_known(member(good_rows()), WIDTH).rows.shape == (20, WIDTH)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_makes_the_bundle_refused(value: float) -> None:
    rows = good_rows()
    rows[3, 2] = value
    with pytest.raises(BundleRejected, match="finite numbers"):
        read_known(member(rows), WIDTH)
