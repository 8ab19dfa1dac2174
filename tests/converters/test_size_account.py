"""Bytes are counted, each once."""

import numpy as np

from converters.graph import Graph, Operator, Tensor
from converters.size_account import SizeStep, account, constant_bytes


def network(dtype):
    names = {"w": np.ones((4, 1, 1, 2), dtype), "twin": np.ones((4, 1, 1, 2), dtype), "k": np.zeros(3, np.int32)}
    tensors = {name: Tensor(name, data.shape, data.dtype, data) for name, data in names.items()}
    tensors |= {name: Tensor(name, (1, 4, 4, 2), np.dtype("f4")) for name in ("in", "a", "b", "out")}
    operators = [
        Operator("CONV_2D", ["in", "w"], ["a"]),
        Operator("CONV_2D", ["a", "twin"], ["b"]),
        Operator("MEAN", ["b", "k"], ["out"]),
        Operator("CONV_2D", ["b", "w"], ["c"]),
    ]
    return Graph(tensors, operators, ["in"], ["out"])


def test_a_constant_counts_once_for_its_first_reader():
    assert constant_bytes(network(np.float32)) == {"CONV_2D": 64, "MEAN": 12}


def test_float_and_artefact_stand_side_by_side_and_equal_constants_are_told():
    steps = (SizeStep("float model", 200), SizeStep("int8", 90))
    found = account(steps, constant_bytes(network(np.float32)), network(np.int8))
    assert [(one.kind, one.operators, one.float_bytes, one.bytes) for one in found.kinds] == [
        ("CONV_2D", 3, 64, 16),
        ("MEAN", 1, 12, 12),
    ]
    assert found.shared_bytes == 8
    assert found.as_document()["steps"][1] == {"name": "int8", "bytes": 90}


def test_a_constant_behind_a_dequantize_counts_for_who_reads_it():
    graph = network(np.float16)
    graph.tensors["real"] = Tensor("real", (4, 1, 1, 2), np.dtype("f4"))
    graph.operators.insert(0, Operator("DEQUANTIZE", ["w"], ["real"]))
    graph.operators[1].inputs[1] = "real"
    assert constant_bytes(graph) == {"CONV_2D": 32, "MEAN": 12}
