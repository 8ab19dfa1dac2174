"""A shape that an export computes though it is fixed is stored before anything is quantised."""

import numpy as np
import pytest

from converters.delegates import read_nodes
from converters.execute import Kernels, Session
from converters.graph import Graph, Operator, Tensor
from converters.quantize.prepare import prepare
from converters.tflite import write_tflite
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate


def value(name, shape, dtype="f4", data=None):
    return Tensor(name, shape, np.dtype(dtype), None if data is None else np.array(data, dtype))


def by_batch(batch=1, before="ABS", outputs=("out",)):
    """What Keras writes for a Reshape: the batch is asked for, and packed with the rest of the shape."""
    dtype = "i8" if before == "WHERE" else "f4"
    inner = value("inner", (-1, 2) if before == "WHERE" else (batch, 2, 3, 4), dtype)
    tensors = [
        value("in", (batch, 4), "bool") if before == "WHERE" else value("in", (batch, 2, 3, 4)),
        inner,
        value("shape", (len(inner.shape),), "i4"),
        *(value(name, (1,), "i4", [at]) for name, at in (("begin", 0), ("end", 1), ("step", 1))),
        value("first", (), "i4"),
        value("rest", (), "i4", 2 if before == "WHERE" else 24),
        value("wanted", (2,), "i4"),
        value("out", (-1, 2) if before == "WHERE" else (batch, 24), dtype),
    ]
    operators = [
        Operator(before, ["in"], ["inner"]),
        Operator("SHAPE", ["inner"], ["shape"], {"out_type": "INT32"}),
        Operator("STRIDED_SLICE", ["shape", "begin", "end", "step"], ["first"], {"shrink_axis_mask": 1}),
        Operator("PACK", ["first", "rest"], ["wanted"], {"values_count": 2, "axis": 0}),
        Operator("RESHAPE", ["inner", "wanted"], ["out"]),
    ]
    return Graph({one.name: one for one in tensors}, operators, ["in"], list(outputs))


def kinds(graph):
    return [operator.kind for operator in graph.operators]


def answers(graph, values):
    session = Session(write_tflite(graph), Kernels.REFERENCE)
    session.run({"in": values})
    return session.outputs()


@pytest.mark.parametrize("batch", [1, -1])
def test_a_batch_that_is_asked_for_is_stored(batch):
    prepared = prepare(by_batch(batch))
    assert kinds(prepared) == ["ABS", "RESHAPE"]
    assert prepared.tensors["wanted"].data.tolist() == [1, 24]
    values = np.random.default_rng(0).normal(size=(1, 2, 3, 4)).astype(np.float32)
    assert np.array_equal(answers(prepared, values), answers(by_batch(), values))


def test_a_microcontroller_takes_what_has_its_shape_stored():
    graphs = by_batch(), prepare(by_batch())
    nodes = [read_nodes(write_tflite(graph), "tflite") for graph in graphs]
    assert [check_delegate(load_delegate("tflm"), "tflite", one).fits for one in nodes] == [False, True]


def test_a_shape_that_values_decide_stays_computed():
    graph = by_batch(before="WHERE")
    prepared = prepare(graph)
    assert kinds(prepared) == kinds(graph)
    (found,) = answers(prepared, np.array([[True, False, True, True]]))
    assert found.tolist() == [[0, 0], [0, 2], [0, 3]]


@pytest.mark.parametrize(("limit", "stays"), [(None, ["REDUCE_MAX", "RANGE", "SHAPE", "CAST"]), (3, ["RANGE", "CAST"])])
def test_the_length_of_a_range_is_stored_where_its_limits_are(limit, stays):
    """Also of real numbers, which are no counts."""
    tensors = [value("in", (1, 4)), value("axes", (2,), "i4", [0, 1]), value("limit", (), "f4", limit)]
    tensors += [value("none", (), "f4", 0), value("one", (), "f4", 1), value("row", (3,)), value("length", (1,), "i4")]
    operators = [
        *([] if limit else [Operator("REDUCE_MAX", ["in", "axes"], ["limit"], {"keep_dims": False})]),
        Operator("RANGE", ["none", "limit", "one"], ["row"]),
        Operator("SHAPE", ["row"], ["length"], {"out_type": "INT32"}),
        Operator("CAST", ["length"], ["out"], {"in_data_type": "INT32", "out_data_type": "FLOAT32"}),
    ]
    graph = Graph({one.name: one for one in (*tensors, value("out", (1,)))}, operators, ["in"], ["out"])
    assert kinds(prepare(graph)) == stays


def test_a_shape_that_is_an_answer_stays_one():
    prepared = prepare(by_batch(outputs=("out", "shape")))
    assert kinds(prepared) == kinds(by_batch())
