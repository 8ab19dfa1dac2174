"""Where activations lie: nothing that lives at the same time overlaps, and no more memory than TensorFlow's planner."""

from math import prod

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import given
from hypothesis import strategies as st

from converters.arena import plan_arena
from converters.graph import Graph, Operator, Tensor
from converters.tflite import read_tflite
from edge_contracts.arena_plan import ALIGNMENT_BYTES

HEADS = {
    "mlperf-tiny/vww_96_int8.tflite": 73_728,
    "mlperf-tiny/pretrainedResnet_quant.tflite": 49_152,
    "mlperf-tiny/kws_ref_model.tflite": 16_000,
    "mlperf-tiny/ad01_int8.tflite": 768,
    "mlperf-tiny/str_ww_ref_model.tflite": 6_656,
}
"""What tflite-micro 0.dev20261023 reports of each file as "Arena allocation head", in bytes."""


def chain(sizes, skips=()):
    """Each operator reads the tensor before it; a skip (i, j) makes operator j read tensor i as well."""
    tensors = {f"t{i}": Tensor(f"t{i}", (size,), np.dtype(np.int8)) for i, size in enumerate(sizes)}
    operators = [
        Operator("ADD", [f"t{i}", *(f"t{a}" for a, b in skips if b == i and a < i)], [f"t{i + 1}"])
        for i in range(len(sizes) - 1)
    ]
    return Graph(tensors, operators, ["t0"], [f"t{len(sizes) - 1}"])


@given(st.lists(st.integers(1, 300), min_size=2, max_size=12), st.lists(st.tuples(*[st.integers(0, 11)] * 2)))
def test_what_lives_at_the_same_time_does_not_overlap(sizes, skips):
    graph = chain(sizes, skips)
    plan = plan_arena(graph)
    assert sorted(placed.name for placed in plan.placements) == sorted(graph.tensors)
    for place, one in enumerate(plan.placements):
        assert one.offset % ALIGNMENT_BYTES == 0
        for other in plan.placements[:place]:
            apart_in_time = one.last < other.first or other.last < one.first
            assert apart_in_time or one.end <= other.offset or other.end <= one.offset
    assert plan.size >= max(plan.live_bytes(place) for place in range(len(graph.operators)))


def test_a_chain_needs_two_neighbours_at_a_time():
    assert plan_arena(chain([64, 160, 32, 16])).size == 224


def test_a_skipped_tensor_lives_until_it_is_read():
    assert plan_arena(chain([64, 160, 32, 160], [(0, 2)])).live_bytes(2) == 64 + 32 + 160


def test_a_state_lives_all_the_time():
    graph = chain([64, 64, 64, 64])
    graph.tensors["state"] = Tensor("state", (32,), np.dtype(np.float32), is_variable=True)
    graph.operators[1].inputs.append("state")
    (state,) = [placed for placed in plan_arena(graph).placements if placed.name == "state"]
    assert (state.first, state.last, state.size) == (0, 2, 128)


def test_a_graph_without_operators_is_its_inputs():
    assert plan_arena(Graph({"t": Tensor("t", (3,), np.dtype("f4"))}, [], ["t"], ["t"])).size == 12


@pytest.mark.parametrize("file", HEADS)
def test_the_plan_is_what_tensorflow_lite_micro_allocates(data, file):
    assert plan_arena(read_tflite((data / file).read_bytes())).size == HEADS[file]


@pytest.mark.parametrize("file", [*HEADS, "mlperf-tiny/vww_96_float.tflite"])
def test_the_plan_is_within_what_litert_spreads_the_same_tensors_over(data, file):
    content = (data / file).read_bytes()
    graph = read_tflite(content)
    planned = {placed.name for placed in plan_arena(graph).placements}
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    begins, ends = [], []
    for detail in interpreter.get_tensor_details():
        if detail["name"] in planned:
            begins.append(interpreter.tensor(detail["index"])().__array_interface__["data"][0])
            ends.append(begins[-1] + prod(detail["shape"].tolist()) * np.dtype(detail["dtype"]).itemsize)
    assert plan_arena(graph).size <= max(ends) - min(begins)
