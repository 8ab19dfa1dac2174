"""An operator given back to float is exact, its surroundings stay as they were, and every mixture loads and runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.doctor.island import with_islands
from converters.doctor.pair import Pair
from converters.execute import Kernels, run_all
from converters.quantize import Recipe, quantize
from converters.quantize.prepare import prepare
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from tests.converters.doctor.test_layers import by_name

ALL = ["conv0", "conv1", "conv2", "conv3", "conv4", "out"]


def answers(pair, graph, feeds, kernels=Kernels.XNNPACK):
    mixed = Pair(pair.original, graph)
    outputs = run_all(write_tflite(graph), [mixed.feed(feed) for feed in feeds], kernels)
    return [mixed.real(graph.outputs[0], output[0]) for output in outputs]


def test_no_island_is_the_same_file(sound):
    assert write_tflite(with_islands(sound, ())) == write_tflite(sound.shipped)


def test_all_in_float_is_the_float_model_behind_its_quantised_input(sound, feeds):
    graph = with_islands(sound, ALL, float16_constants=False)
    stored = [{"image": sound.real("image", sound.feed(feed)["image"])} for feed in feeds]
    expected = run_all(write_tflite(sound.original), stored, Kernels.XNNPACK)
    np.testing.assert_allclose(answers(sound, graph, feeds), [one[0] for one in expected], rtol=1e-5, atol=1e-6)
    assert [operator.kind for operator in graph.operators].count("DEQUANTIZE") == 1


def test_neighbours_in_float_need_no_conversion_between_them(sound):
    kinds = [operator.kind for operator in with_islands(sound, ["conv1", "conv2"], float16_constants=False).operators]
    assert kinds == ["CONV_2D", "DEQUANTIZE", "CONV_2D", "CONV_2D", "QUANTIZE", "CONV_2D", "CONV_2D", "MEAN"]


def test_the_others_keep_their_weights(sound):
    mixed = with_islands(sound, ["conv1"])
    for name in ("conv0", "conv2", "conv3", "conv4"):
        place = f"{name}/w"
        np.testing.assert_array_equal(mixed.tensors[place].data, sound.shipped.tensors[place].data)


def test_the_spoilt_operator_in_float_brings_the_signal_back(spoilt_weights, feeds):
    before = by_name(spoilt_weights, feeds)["out"].noise_db
    mixed = Pair(spoilt_weights.original, with_islands(spoilt_weights, ["conv0"]))
    assert by_name(mixed, feeds)["out"].noise_db > before + 10


def test_two_neighbours_in_float_cure_the_activation_between_them(spoilt_activation, feeds):
    before = by_name(spoilt_activation, feeds)["out"].noise_db
    one, both = (
        by_name(Pair(spoilt_activation.original, with_islands(spoilt_activation, names)), feeds)["out"].noise_db
        for names in (["conv3"], ["conv2", "conv3"])
    )
    assert one < before + 6
    assert both > before + 15


@settings(max_examples=20, deadline=None)
@given(names=st.sets(st.sampled_from(ALL)))
def test_every_mixture_runs_with_either_kernels_and_they_agree(sound, feeds, names):
    graph = with_islands(sound, names)
    xnnpack, reference = (answers(sound, graph, feeds[:2], kernels) for kernels in Kernels)
    np.testing.assert_allclose(xnnpack, reference, atol=0.05 * np.abs(reference).max())


def test_camera_bytes_stay_the_input_when_the_first_operator_is_float(sound):
    graph = with_islands(sound, ["conv0"])
    assert graph.tensors[graph.inputs[0]].dtype == np.int8


def test_an_operator_that_is_float_already_stays_as_it_is(sound):
    """The recipe's islands and the doctor's may overlap; a reader in float needs no QUANTIZE."""
    once = Pair(sound.original, with_islands(sound, ["conv1", "conv2"], float16_constants=False))
    assert write_tflite(with_islands(once, ["conv1"], float16_constants=False)) == write_tflite(once.shipped)


def test_a_name_that_no_operator_has_is_refused(sound):
    with pytest.raises(BadInputError, match="found stranger"):
        with_islands(sound, ["stranger"])


def test_a_split_with_two_readers_can_be_float(one_operator):
    graph = one_operator("SPLIT", [np.asarray(3, np.int32), (1, 2, 2, 4)], [(1, 2, 2, 2)] * 2, num_splits=2)
    rng = np.random.default_rng(0)
    feeds = [{"in1": rng.standard_normal((1, 2, 2, 4)).astype(np.float32)} for _ in range(8)]
    shipped = quantize(graph, feeds, Recipe(ranges=("min-max",), remedies=())).graph
    pair = Pair(prepare(graph), shipped)
    found = run_all(write_tflite(with_islands(pair, ["out0"])), [pair.feed(feeds[0])], Kernels.XNNPACK)[0]
    stored = pair.real("in1", pair.feed(feeds[0])["in1"])
    np.testing.assert_allclose(np.concatenate(found, axis=3), stored, atol=1e-6)
