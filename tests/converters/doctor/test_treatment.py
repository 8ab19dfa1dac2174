"""The wish for mixed precision: what is examined, when operators go back to float, and for which boards."""

import numpy as np
import pytest

from converters import treatment
from converters.doctor import doctor, trial_room
from converters.isolation.forking import forked_children
from converters.isolation.trial import CandidateFailedError
from converters.quantize import Recipe, quantize
from converters.tflite import read_tflite
from converters.treatment import Mixing, require_float_kernels, treat
from device_profiles import load_profile
from edge_contracts.errors import BadInputError
from tests.converters.doctor.conftest import PLAIN, draw_network, spoil_a_channel

PI = load_profile("rpi-4b")
FITTED = Recipe(ranges=("min-max",), remedies=(), measured_bias=True, rounding="second-order")


@pytest.fixture(scope="module", autouse=True)
def children():
    """A conversion forks them, too."""
    with forked_children():
        yield


def without_float(profile):
    return profile.model_copy(
        update={"quantisation": profile.quantisation.model_copy(update={"activations": ("int8",)})}
    )


@pytest.fixture(scope="module")
def samples(feeds):
    return [feed["image"] for feed in feeds]


@pytest.fixture(scope="module")
def spoilt(samples):
    """Twelve layers, so that two of them are within the time that a number of operators may cost."""
    return quantize(draw_network(spoil_a_channel, layers=12), samples, FITTED)


def treated(made, samples, wish, **gate):
    return treat(made, samples, Mixing(wish, **gate), classes=False, progress=lambda _stage, _done: None)


def floats(graph):
    names = [*(f"conv{place}" for place in range(12)), "out"]
    return [name for name in names if name in graph.tensors and graph.tensors[name].dtype == np.float32]


def test_a_number_gives_so_many_operators_back_with_every_remedy(spoilt, samples):
    done = treated(spoilt, samples, 2)
    assert floats(done.graph) == list(done.findings.islands.kept_float)
    assert 0 < len(done.findings.islands.kept_float) <= 2
    chosen = next(point for point in done.findings.islands.points if point.chosen)
    assert chosen.output_db > done.findings.islands.points[0].output_db


def test_off_leaves_the_model_and_tells_its_layers(spoilt, samples):
    done = treated(spoilt, samples, "off", accepts=lambda _: False)
    assert done.graph is spoilt.graph
    assert done.findings.islands is None
    assert len(done.findings.layers) == 13


def test_auto_searches_only_where_the_gate_would_refuse(samples):
    made = quantize(draw_network(spoil_a_channel, layers=4), samples, PLAIN)
    assert treated(made, samples, "auto", accepts=lambda _: True).findings.islands is None
    done = treated(made, samples, "auto", accepts=lambda graph: len(floats(graph)) > 0)
    assert floats(done.graph) == list(done.findings.islands.kept_float) != []


def test_what_the_quantizer_tried_is_in_the_findings(samples):
    made = quantize(
        draw_network(), samples, Recipe(ranges=("mse", "min-max"), remedies=("bias-correction",), enough_db=np.inf)
    )
    tried = treated(made, samples, "off").findings.tried
    assert [one.name for one in tried] == ["mse", "min-max", "without bias-correction"]
    assert any(one.kept for one in tried)


def test_causes_are_told_of_the_graph_before_fitted_weights(spoilt, samples):
    """Fitted weights make up for activations: they would look guilty of all that they repair."""
    fitted = {layer.name: layer for layer in treated(spoilt, samples, "off").findings.layers}
    plain = quantize(draw_network(spoil_a_channel, layers=12), samples, Recipe(ranges=("min-max",), remedies=()))
    unfitted = {layer.name: layer for layer in treated(plain, samples, "off").findings.layers}
    assert fitted["conv3"].weight_share == pytest.approx(unfitted["conv3"].weight_share, abs=1e-6)
    assert fitted["conv3"].noise_db != unfitted["conv3"].noise_db


def test_a_board_without_float_kernels_gets_no_number_of_them():
    with pytest.raises(BadInputError, match="found that rpi-4b has only int8; leave mixed precision out"):
        require_float_kernels(4, without_float(PI))
    require_float_kernels("auto", without_float(PI))
    require_float_kernels(4, PI)


def test_an_equalised_model_is_compared_with_the_equalised_float_one(samples):
    made = quantize(draw_network(spoil_a_channel), samples, Recipe(ranges=("min-max",), remedies=(), equalise=True))
    layers = {layer.name: layer for layer in treated(made, samples, "off").findings.layers}
    assert layers["conv2"].noise_db > 25
    spoilt_layers = treated(quantize(draw_network(spoil_a_channel), samples, PLAIN), samples, "off").findings.layers
    assert {layer.name: layer for layer in spoilt_layers}["conv3"].noise_db < layers["conv3"].noise_db


def test_a_network_too_large_to_examine_ships_and_says_so(spoilt, samples, monkeypatch):
    monkeypatch.setattr(treatment, "MOST_EXAMINED_BYTES", 1000)
    done = treated(spoilt, samples, "auto", accepts=lambda _: False)
    assert done.graph is spoilt.graph
    assert done.findings.layers == ()
    assert "layers not examined" in done.findings.sentences[0]
    with pytest.raises(BadInputError, match="wanted a network that can be examined"):
        treated(spoilt, samples, 2)


def test_operators_at_the_input_may_stay_float_and_are_timed(samples):
    """Quantised anew, such a model takes floats where the others take bytes."""
    made = quantize(draw_network(spoil_the_first, layers=6), samples, FITTED)
    done = treated(made, samples, "auto", accepts=lambda graph: "conv0" in floats(graph))
    assert "conv0" in done.findings.islands.kept_float
    assert done.graph.tensors["image"].dtype == np.float32
    assert all(point.ms > 0 for point in done.findings.islands.points)
    assert done.findings.islands.failures == ()


def test_a_model_that_cannot_be_timed_ships_all_the_same(spoilt, samples, monkeypatch):
    monkeypatch.setattr(doctor, "time_in_turns", fail)
    islands = treated(spoilt, samples, 2).findings.islands
    assert islands.kept_float
    assert {point.time_ratio for point in islands.points} == {None}
    assert islands.failures == ("not timed: wanted a child, found none",)


def test_a_mixture_that_cannot_be_made_anew_is_taken_as_it_was_found(spoilt, samples, monkeypatch):
    monkeypatch.setattr(type(spoilt.bench), "integer_graph", failing_beside(spoilt.settled, spoilt.bench.integer_graph))
    done = treated(spoilt, samples, "auto", accepts=lambda graph: len(floats(graph)) > 0)
    islands = done.findings.islands
    assert floats(done.graph) == list(islands.kept_float) != []
    assert "with every remedy: wanted a child, found none" in islands.failures[0]


def test_a_search_that_fails_leaves_int8_alone_and_says_so(spoilt, samples, monkeypatch):
    monkeypatch.setattr(trial_room, "run_batch", fail)
    done = treated(spoilt, samples, 2)
    assert done.graph is spoilt.graph
    assert done.findings.sentences[-1] == "no operator was given back to float: wanted a child, found none"


def spoil_the_first(weights):
    """conv0: one output channel is 300 times as loud, and conv1 takes it back."""
    weights[0][0] *= 300
    weights[1][..., 0] /= 300


def fail(*_):
    raise CandidateFailedError("wanted a child, found none")


def failing_beside(settled, make):
    """Makes graphs without fitted weights, and no others."""
    return lambda _, recipe: fail() if recipe.keep_float != settled.keep_float else make(recipe)


def test_a_model_that_has_integer_parts_already_is_examined(data):
    graph = read_tflite((data / "tflite-support" / "yamnet_audio_classifier_with_metadata.tflite").read_bytes())
    drawn = np.random.default_rng(0)
    sounds = [drawn.uniform(-1, 1, graph.tensors[graph.inputs[0]].shape).astype(np.float32) for _ in range(8)]
    findings = treated(quantize(graph, sounds), sounds, "off").findings
    assert findings.output_db > 20
    kinds = {layer.kind for layer in findings.layers}
    assert "LOG" in kinds  # of the float front
    assert "DEPTHWISE_CONV_2D" not in kinds  # of the integer part behind it
