"""The doctor says which layer loses, and whether its weights or its activations do."""

import math
from dataclasses import replace

import numpy as np
import pytest

from converters.doctor.layers import examine_layers
from converters.doctor.pair import Pair
from converters.execute import Kernels, Session
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

ORDER = ["conv0", "conv1", "conv2", "conv3", "conv4", "out"]


def by_name(pair, feeds):
    return {layer.name: layer for layer in examine_layers(pair, feeds)}


def test_every_operator_is_seen_in_run_order(sound, feeds):
    assert [layer.name for layer in examine_layers(sound, feeds)] == ORDER


def test_weights_that_share_a_spoilt_scale_are_named(spoilt_weights, feeds):
    first = by_name(spoilt_weights, feeds)["conv0"]
    assert first.weight_share > 0.95
    assert first.noise_db < 10
    assert first.own_db == pytest.approx(first.noise_db, abs=1)


def test_a_layer_after_the_fault_loses_nothing_by_itself(spoilt_weights, feeds):
    second = by_name(spoilt_weights, feeds)["conv1"]
    assert second.noise_db < 15
    assert second.own_db > 30


def test_an_activation_whose_range_one_channel_takes_is_named(spoilt_activation, feeds):
    layers = by_name(spoilt_activation, feeds)
    assert layers["conv3"].noise_db < layers["conv2"].noise_db - 20
    assert layers["conv3"].weight_share < 0.3


def test_the_noise_is_what_the_two_runs_differ_by(sound, feeds):
    original = Session(write_tflite(sound.original), Kernels.REFERENCE, keep_all=True)
    shipped = Session(write_tflite(sound.shipped), Kernels.REFERENCE, keep_all=True)
    signal = noise = 0.0
    for feed in feeds:
        original.run(feed)
        shipped.run(sound.feed(feed))
        wanted = original.value("conv2").astype(np.float64)
        signal += np.square(wanted).sum()
        noise += np.square(wanted - sound.real("conv2", shipped.value("conv2"))).sum()
    assert by_name(sound, feeds)["conv2"].noise_db == pytest.approx(10 * math.log10(signal / noise), abs=1e-4)


def test_the_histogram_counts_the_float_values_over_their_own_range(sound, feeds):
    layer = by_name(sound, feeds)["conv1"]
    original = Session(write_tflite(sound.original), Kernels.REFERENCE, keep_all=True)
    values = []
    for feed in feeds:
        original.run(feed)
        values.append(original.value("conv1"))
    assert sum(layer.histogram.counts) == np.size(values)
    assert (layer.histogram.lowest, layer.histogram.highest) == (np.min(values), np.max(values))


def test_values_outside_the_stored_range_are_counted_as_saturated(sound, feeds):
    name = "conv1"
    tensor = sound.shipped.tensors[name]
    quarter = replace(tensor.quantization, scale=tensor.quantization.scale / 4)
    tensors = {**sound.shipped.tensors, name: replace(tensor, quantization=quarter)}
    layers = by_name(Pair(sound.original, replace(sound.shipped, tensors=tensors)), feeds)
    assert layers[name].saturated > 0.01
    assert layers["conv0"].saturated == 0


def test_graphs_that_are_no_pair_are_refused_by_name(sound):
    renamed = {name: tensor for name, tensor in sound.shipped.tensors.items() if name != "conv3"}
    with pytest.raises(BadInputError, match="found none called 'conv3'"):
        Pair(sound.original, replace(sound.shipped, tensors=renamed))
