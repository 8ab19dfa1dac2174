"""What is said of calibration data holds for data that were made so."""

import numpy as np
import pytest

from converters.calibration.representativeness import MOST_BEYOND, assess
from converters.graph import Graph, Operator, Tensor
from converters.quantize import quantize
from converters.quantize.recipe import Recipe
from edge_contracts.card import Card
from edge_contracts.manifest import ImageInput, TensorInput

pytestmark = pytest.mark.usefixtures("warm_children")

SIDE = 16
PICTURES = ImageInput(tensor="in", height_px=SIDE, width_px=SIDE, dtype="float32", std=(255.0,))
NUMBERS = TensorInput(tensor="in", shape=(1, SIDE, SIDE, 3), dtype="float32")


def network(activation="NONE"):
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(4, 3, 3, 3)).astype("f4"), np.zeros(4, "f4")
    tensors = [
        Tensor("in", (1, SIDE, SIDE, 3), np.dtype("f4")),
        Tensor("w", weights.shape, weights.dtype, weights),
        Tensor("b", bias.shape, bias.dtype, bias),
        Tensor("out", (1, SIDE, SIDE, 4), np.dtype("f4")),
    ]
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": activation}
    operators = [Operator("CONV_2D", ["in", "w", "b"], ["out"], options)]
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["in"], ["out"])


def pictures(count, *, low=0.2, high=0.8, seed=1):
    """Each of one brightness between low and high, with texture."""
    rng = np.random.default_rng(seed)
    lights = rng.uniform(low, high, count)
    return [np.clip(light + rng.normal(0, 0.1, (1, SIDE, SIDE, 3)), 0, 1).astype("f4") for light in lights]


def assessed(inputs, spec=PICTURES):
    return assess(quantize(network(), inputs, Recipe(ranges=("min-max",))).graph, inputs, spec)


def test_enough_different_pictures_need_no_advice():
    found = assessed(pictures(24))
    assert (found.inputs, found.distinct, found.advised_more) == (24, 24, 0)
    assert found.sentences[0] == "24 inputs, all different"
    assert found.coverage > 0.5
    assert not any("give" in sentence or "add" in sentence for sentence in found.sentences)


def test_near_copies_count_as_one_and_so_many_more_are_asked_for():
    once = pictures(10)
    noise = np.random.default_rng(2)
    copies = [np.clip(p + noise.normal(0, 0.002, p.shape), 0, 1).astype("f4") for p in once[:6]]
    found = assessed(once + copies)
    assert (found.inputs, found.distinct, found.advised_more) == (16, 10, 10)
    assert found.sentences[0] == "16 inputs, 6 of them near copies of others: give 10 more"


def test_pictures_under_one_lamp_say_so():
    found = assessed(pictures(24, low=0.5, high=0.5001))
    assert "all are lit alike: add some of the darkest and of the brightest hour" in found.sentences
    assert found.brightness[0] == pytest.approx(0.5, abs=0.02)


def test_burnt_out_pictures_say_so():
    found = assessed(pictures(24, low=0.8, high=1.0))
    assert found.clipped > 0.05
    assert any("check the exposure" in sentence for sentence in found.sentences)


def test_a_kind_of_input_that_is_there_only_once_is_noticed():
    inputs = [p * (6.0 if place == 4 else 1.0) for place, p in enumerate(pictures(24))]
    loud = assessed(inputs, NUMBERS)
    even = assessed(pictures(24), NUMBERS)
    assert loud.beyond > 1 > MOST_BEYOND > even.beyond
    assert loud.worst == "out"
    assert loud.worst_beyond >= loud.beyond
    assert loud.advised_more == loud.distinct
    assert any(sentence.endswith("give as many again, of all kinds") for sentence in loud.sentences)
    assert even.brightness is None


def test_too_few_inputs_judge_nothing_and_say_so():
    found = assessed(pictures(3))
    assert found.saturation is found.coverage is found.beyond is None
    assert found.advised_more == 17
    assert any("none tells whether the ranges hold" in sentence for sentence in found.sentences)


def test_a_relus_zeros_are_not_cut_off():
    inputs = pictures(24)
    made = quantize(network("RELU"), inputs, Recipe(ranges=("min-max",))).graph
    zeros = made.tensors["out"].quantization.zero_point[0]
    found = assess(made, inputs, PICTURES)
    assert zeros == -128
    assert found.saturation < 0.01


def test_values_beyond_the_range_are_cut_off():
    made = quantize(network(), pictures(24), Recipe(ranges=("min-max",))).graph
    assert assess(made, [4 * one for one in pictures(24)], NUMBERS).saturation > 0.1


def test_the_card_carries_it():
    document = assessed(pictures(12)).as_document()
    card = Card(
        created="2026-01-01T00:00:00Z", tool="t", profile="p", calibration="c", details={"calibration": document}
    )
    again = Card.model_validate_json(card.model_dump_json())
    assert again.details["calibration"] == document
