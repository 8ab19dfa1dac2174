"""A sample of `make random-networks`, and what that harness says of a model that kills its runtime."""

import sys
from contextlib import closing
from random import Random

import numpy as np
import pytest

from converters.isolation.trial import CandidateFailedError, TrialChild
from converters.tflite import write_tflite
from tests.random_networks.judge import judge
from tests.random_networks.network import OPTIONS, network, recipe
from tests.random_networks.runtimes import Runtime
from tests.random_networks.weaver import woven
from tests.system.required import require_tflite_python

SAMPLE = 16


@pytest.fixture(scope="module")
def litert():
    with closing(TrialChild()) as child:
        yield child


@pytest.fixture(scope="module")
def tflite_runtime():
    runtime = Runtime(require_tflite_python())
    yield runtime
    runtime.close()


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_random_network_runs_alike_in_every_runtime(number, litert, tflite_runtime):
    verdict = judge(network(number), litert, tflite_runtime)
    assert verdict.failure == ""
    assert verdict.db or verdict.refusal


def test_a_number_is_the_same_network_each_time():
    for number in (0, 1):
        one, other = network(number), network(number)
        assert write_tflite(one.graph) == write_tflite(other.graph)
        assert str(one) == str(other)
        np.testing.assert_array_equal(one.samples, other.samples)


def test_every_choice_of_every_option_is_drawn():
    recipes = [recipe(Random(seed)) for seed in range(120)]
    for name, values in OPTIONS.items():
        assert {getattr(recipe, name) for recipe in recipes} == set(values)


def test_a_model_that_kills_its_runtime_costs_that_model_alone():
    graph = woven(0)
    content, feeds = write_tflite(graph), [{"in": np.zeros(graph.tensors["in"].shape, np.float32)}]
    runtime = Runtime(sys.executable)
    before = runtime.run(content, feeds)
    runtime._child.kill()
    with pytest.raises(CandidateFailedError, match="the runtime ended with -9"):
        runtime.run(content, feeds)
    np.testing.assert_array_equal(runtime.run(content, feeds), before)
    assert runtime.starts == 2
    runtime.close()


def test_a_model_that_a_runtime_refuses_is_told_in_its_words():
    runtime = Runtime(sys.executable)
    with pytest.raises(CandidateFailedError, match="refused"):
        runtime.run(b"TFL3" * 9, [])
    runtime.close()
