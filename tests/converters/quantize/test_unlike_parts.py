"""Boxes in pixels and scores in one output: each keeps its own scale."""

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import quantize
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from tests.converters.quantize.test_islands import PLAIN, Network, samples
from tests.converters.quantize.test_random_networks import SHAPE

pytestmark = pytest.mark.usefixtures("warm_children")

WIDE = (*SHAPE[:3], 2 * SHAPE[3])


def detector(pixels, *, parts_first=True):
    """Sides from 0 to `pixels` and scores from 0 to 1, of the same features, in one output."""
    network = Network().conv()
    features = network.last
    network.then("LOGISTIC").then("MUL", ([pixels],))
    sides = network.last
    network.last = features
    network.conv().then("LOGISTIC")
    parts = [sides, network.last] if parts_first else [network.last, sides]
    network.last = network.apply("CONCATENATION", parts, WIDE, axis=3)
    rows = (WIDE[1] * WIDE[2], WIDE[3])
    network.last = network.apply("RESHAPE", [network.last, network.constant(rows, "i4")], rows)
    return network.ends()


def answers(content, graph):
    """Sides and scores of every sample, in real values."""
    output = graph.tensors[graph.outputs[0]]
    (name,) = graph.inputs
    given = graph.tensors[name].quantization
    feeds = [
        {
            name: sample
            if given is None
            else np.clip(np.round(sample / given.scale + given.zero_point), -128, 127).astype("i1")
        }
        for sample in samples()
    ]
    found = np.stack([value[0] for value in run_all(content, feeds, Kernels.XNNPACK)]).astype(np.float64)
    if output.quantization is not None:
        found = (found - output.quantization.zero_point) * output.quantization.scale
    return np.split(found, 2, axis=-1)


@pytest.mark.parametrize("parts_first", [True, False])
@pytest.mark.parametrize("pixels", [640.0, 4.0])
def test_scores_beside_boxes_are_as_true_as_alone(pixels, parts_first):
    graph = detector(pixels, parts_first=parts_first)
    made = quantize(graph, samples(), PLAIN)
    wanted = answers(write_tflite(prepare(graph)), prepare(graph))
    found = answers(made.content, made.graph)
    for one, other in zip(wanted, found, strict=True):
        assert signal_to_noise_db(list(one), list(other)) > 25
    joined = made.graph.tensors[made.graph.outputs[0]]
    assert joined.dtype == (np.float32 if pixels > 16 else np.int8)


def test_a_board_without_float_kernels_joins_them_in_integers():
    made = quantize(detector(640.0), samples(), Recipe(ranges=("min-max",), remedies=(), float_islands=False))
    assert made.graph.tensors[made.graph.outputs[0]].dtype == np.int8
