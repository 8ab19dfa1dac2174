"""The largest entries, and lookups at positions that are known or computed."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from converters.lower import CannotLowerError
from converters.lower.lowering import lower_model
from converters.quantize import quantize
from converters.quantize.recipe import Recipe
from tests.converters.lower.onnx_models import agrees, drawn, one

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def top_k(*, axis=-1, **attributes):
    return helper.make_node("TopK", ["x", "k"], ["y", "i"], axis=axis, **attributes)


@given(data=st.data(), rank=st.integers(1, 4), largest=st.booleans())
@EXAMPLES
def test_the_largest_and_the_smallest_along_any_axis(data, rank, largest):
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    axis = data.draw(st.integers(-rank, rank - 1))
    count = data.draw(st.integers(1, shape[axis]))
    agrees(drawn([top_k(axis=axis, largest=int(largest))], shape, {"k": np.array([count])}))


@pytest.mark.parametrize("axis", [0, 1])
def test_what_belongs_to_the_best_is_looked_up(axis):
    """The best classes of a detector, and the rows or columns that belong to them."""
    table = np.random.default_rng(3).standard_normal((6, 6)).astype(np.float32)
    nodes = [top_k(), helper.make_node("Gather", ["table", "i"], ["found"], axis=axis)]
    agrees(drawn(nodes, (6,), {"k": np.array([2]), "table": table}, outputs=("y", "found")))


def test_boxes_of_the_best_anchors():
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["score"], axes=[2], keepdims=0),
        helper.make_node("TopK", ["score", "k"], ["y", "i"]),
        helper.make_node("Squeeze", ["i", "first"], ["places"]),
        helper.make_node("Gather", ["x", "places"], ["boxes"], axis=1),
        helper.make_node("Unsqueeze", ["places", "last"], ["pairs"]),
        helper.make_node("Squeeze", ["x", "first"], ["rows"]),
        helper.make_node("GatherND", ["rows", "pairs"], ["again"]),
    ]
    constants = {"k": np.array([3]), "first": np.array([0]), "last": np.array([1])}
    content = drawn(nodes, (1, 8, 5), constants, outputs=("y", "boxes", "again"))
    made = agrees(content)
    assert {"TOPK_V2", "GATHER", "GATHER_ND"} <= set(made.kinds())
    samples = [np.random.default_rng(seed).standard_normal((1, 8, 5)).astype(np.float32) for seed in range(9)]
    assert quantize(made.graph, samples, Recipe(ranges=("min-max",), remedies=())).best.xnnpack_db > 20


@given(data=st.data(), rank=st.integers(1, 4))
@EXAMPLES
def test_entries_at_known_positions(data, rank):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank)))
    counted = data.draw(st.integers(1, rank))
    many = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    places = [[data.draw(st.integers(-size, size - 1)) for size in shape[:counted]] for _ in range(int(np.prod(many)))]
    made = agrees(one("GatherND", shape, np.array(places).reshape(*many, counted)))
    assert set(made.kinds()) <= {"GATHER", "RESHAPE", "TRANSPOSE"}


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            one("GatherND", (2, 3, 4), np.array([[0], [1]]), batch_dims=1),
            "GatherND.*first axes are a batch; use a Gather",
        ),
        (
            drawn(
                [
                    top_k(),
                    helper.make_node("Gather", ["table", "i"], ["c"]),
                    helper.make_node("Gather", ["x", "c"], ["z"]),
                ],
                (6,),
                {"k": np.array([2]), "table": np.arange(6)},
                outputs=("y", "z"),
            ),
            "Gather.*positions come from no TopK",
        ),
    ],
)
def test_what_stays_refused(model, sentence):
    with pytest.raises(CannotLowerError, match=sentence):
        lower_model(model)


def test_positions_are_no_output():
    model = onnx.load_from_string(drawn([top_k()], (1, 6), {"k": np.array([2])}))
    model.graph.output.append(helper.make_tensor_value_info("i", TensorProto.INT64, (1, 2)))
    with pytest.raises(CannotLowerError, match="output 'i' holds whole numbers"):
        lower_model(model.SerializeToString())
