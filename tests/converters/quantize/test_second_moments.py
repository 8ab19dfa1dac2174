"""Second moments are those of the patches, however little these vary."""

import numpy as np
import pytest

from converters.graph import Operator
from converters.quantize.rounding import round_by_second_moments
from converters.quantize.second_moments import Moments

DENSE = Operator("FULLY_CONNECTED", ["in", "weights"], ["out"])
INPUTS, SAMPLES = 6, 5


def gathered(values: np.ndarray, *, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    moments = Moments(DENSE, (3, INPUTS), (1, 3), INPUTS, len(values))
    for value in values:
        moments.add(value + np.float32(0.5), value)
    return moments.gathered(centred=centred)


@pytest.mark.parametrize("centred", [True, False])
def test_moments_are_those_of_the_values(centred):
    values = np.random.default_rng(0).normal(3, 1, (SAMPLES, 40, INPUTS)).astype(np.float32)
    rows = values.reshape(-1, INPUTS).astype(np.float64)
    own = rows - rows.mean(axis=0) * centred
    second, cross = gathered(values, centred=centred)
    np.testing.assert_allclose(second[0], own.T @ own / len(rows), atol=1e-5)
    np.testing.assert_allclose(cross[0], np.full((INPUTS, 1), 0.5 * (not centred)) * rows.mean(axis=0), atol=1e-5)


def test_inputs_that_never_change_leave_rounding_to_the_nearest():
    values = np.full((SAMPLES, 40, INPUTS), 1e3 / 3, np.float32)
    second, _ = gathered(values, centred=True)
    assert not second.any()
    weights = np.random.default_rng(1).normal(0, 1, (1, 3, INPUTS))
    rounded = round_by_second_moments(weights, np.full((1, 3), 0.1), second, 127)
    np.testing.assert_array_equal(rounded, np.rint(weights / 0.1))
