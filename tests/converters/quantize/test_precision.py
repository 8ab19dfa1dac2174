"""Which operators become integer."""

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import quantize
from converters.quantize.recipe import Recipe
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite
from tests.converters.quantize.test_folding import PLAIN, SHAPE, Builder

pytestmark = pytest.mark.usefixtures("warm_children")


def samples():
    """Zeros among values of either sign."""
    drawn = np.random.default_rng(6).normal(0, 1, (24, *SHAPE)).astype(np.float32)
    drawn[:, :, 0] = 0
    return list(drawn)


@pytest.mark.parametrize("activations", ["int8", "int16"])
def test_what_is_divided_by_does_not_round_to_zero(activations):
    b = Builder()
    size = b.apply("MAXIMUM", [b.apply("ABS", ["in"], SHAPE), b.constant([1e-30])], SHAPE)
    graph = b.ends(b.apply("DIV", ["in", size], SHAPE, **PLAIN))
    recipe = Recipe(ranges=("min-max",), remedies=(), activations=activations, float_islands=False)
    made = quantize(graph, samples(), recipe)
    assert made.float_operators == {"DIV": 1, "MAXIMUM": 1}
    for kernels in Kernels:
        signs = run_all(write_tflite(made.graph), [stored_feed(made.graph, {"in": samples()[0]})], kernels)[0][0]
        assert set(np.unique(np.rint(signs))) == {-1, 0, 1}


def test_a_logarithm_is_taken_of_float_values():
    b = Builder()
    power = b.apply("ADD", [b.apply("LOGISTIC", ["in"], SHAPE), b.constant([1e-6])], SHAPE, **PLAIN)
    graph = b.ends(b.apply("LOG", [power], SHAPE))
    made = quantize(graph, samples(), Recipe(ranges=("min-max",), remedies=(), float_islands=False))
    assert made.float_operators == {"ADD": 1, "LOG": 1}


def test_the_logarithm_of_a_filter_bank_is_finite():
    """As of a mel spectrogram: quiet bands round to 0 in int8."""
    b = Builder()
    weights, bias = b.constant(np.diag(np.logspace(-4, 0, SHAPE[-1]))), b.constant(np.full(SHAPE[-1], 1e-4))
    bands = b.apply("FULLY_CONNECTED", [b.apply("LOGISTIC", ["in"], SHAPE), weights, bias], SHAPE, keep_num_dims=True)
    graph = b.ends(b.apply("LOG", [bands], SHAPE))
    made = quantize(graph, samples(), Recipe(ranges=("min-max",), remedies=()))
    assert made.float_operators == {"FULLY_CONNECTED": 1, "LOG": 1}
    assert made.best.xnnpack_db > 20
