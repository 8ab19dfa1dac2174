"""Loops, scans and branches: what they compute of the input is no constant, whatever their own inputs are."""

from unittest import mock

import numpy as np
import pytest
from onnx import TensorProto, helper

from converters.lower import CannotLowerError, source
from converters.lower.lowering import lower_model
from tests.converters.lower.onnx_models import agrees, drawn

SHAPE = (1, 4)
ROWS = {"start": np.zeros(SHAPE, np.float32), "rows": np.ones((3, 4), np.float32)}
NUMBERS = {"times": np.int64(3), "yes": np.bool_(True), "size": np.array(SHAPE)}
CONSTANTS = {**NUMBERS, **ROWS, "two": np.full(SHAPE, 2, np.float32)}
"""Every input of the loops and scans below; none depends on x."""


def value(name, kind=TensorProto.FLOAT, shape=SHAPE):
    return helper.make_tensor_value_info(name, kind, shape)


def loop(reads):
    """A sum over three rounds of what the body reads from outside."""
    nodes = [
        helper.make_node("Relu", [reads], ["part"]),
        helper.make_node("Add", ["total", "part"], ["sum"]),
        helper.make_node("Identity", ["go"], ["on"]),
    ]
    given = [value("round", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("total")]
    body = helper.make_graph(nodes, "round", given, [value("on", TensorProto.BOOL, []), value("sum")])
    return [helper.make_node("Loop", ["times", "yes", "start"], ["s"], name="rounds", body=body)]


def scan(reads):
    """A sum over three constant rows, each beside what the body reads from outside."""
    nodes = [helper.make_node("Add", ["total", reads], ["part"]), helper.make_node("Add", ["part", "row"], ["sum"])]
    body = helper.make_graph(nodes, "row", [value("total"), value("row", shape=[4])], [value("sum")])
    return [helper.make_node("Scan", ["start", "rows"], ["s"], name="walk", body=body, num_scan_inputs=1)]


def branch(reads):
    """One of two computations, by the size of the input, which ONNX Runtime does not fold."""
    one, other = (
        helper.make_graph([helper.make_node(kind, [reads], [kind])], kind, [], [value(kind)])
        for kind in ("Relu", "Abs")
    )
    nodes = [helper.make_node("Size", ["x"], ["many"]), helper.make_node("Greater", ["many", "times"], ["large"])]
    return [*nodes, helper.make_node("If", ["large"], ["s"], name="fork", then_branch=one, else_branch=other)]


def inside(nodes):
    """The same within a branch that is always taken."""
    body = helper.make_graph(nodes, "inside", [], [value("s")])
    return [helper.make_node("If", ["large"], ["deep"], name="fork", then_branch=body, else_branch=body)]


def added(nodes, name="s"):
    """The input and a value, of a shape that the file can tell."""
    ends = [helper.make_node("Add", ["x", name], ["both"]), helper.make_node("Reshape", ["both", "size"], ["y"])]
    return drawn([*nodes, *ends], SHAPE, CONSTANTS)


@pytest.mark.parametrize(
    ("drawing", "node"), [(loop, "'rounds' .Loop"), (scan, "'walk' .Scan"), (branch, "'fork' .If")]
)
def test_what_a_body_computes_of_the_input_is_refused(drawing, node):
    with pytest.raises(CannotLowerError, match=rf"{node}.*depends on the input.*without control flow: loops unrolled"):
        lower_model(added(drawing("x")))


def test_a_body_within_a_body_is_looked_into():
    size, large, *_ = branch("x")
    with pytest.raises(CannotLowerError, match=r"'fork' \(If.*without control flow"):
        lower_model(added([size, large, *inside(loop("x"))], "deep"))


@pytest.mark.parametrize("drawing", [loop, scan, branch])
def test_what_a_body_computes_of_constants_is_one(drawing):
    assert agrees(added(drawing("two"))).kinds() == ["ADD"]


def test_a_body_that_draws_at_random_is_no_constant():
    noise = helper.make_node("RandomNormal", [], ["noise"], shape=SHAPE)
    with pytest.raises(CannotLowerError, match=r"'fork' \(If"):
        lower_model(added([*branch("x")[:2], *inside([noise, helper.make_node("Relu", ["noise"], ["s"])])], "deep"))


def test_what_was_wrongly_taken_for_a_constant_shows_on_another_input():
    nodes = [helper.make_node("Tanh", ["x"], ["s"])]
    agrees(added(nodes))
    honest = source._is_constant
    with (
        mock.patch.object(source, "_is_constant", lambda node, known: node.kind == "Tanh" or honest(node, known)),
        pytest.raises(CannotLowerError, match="output 'y' differs from ONNX Runtime's"),
    ):
        lower_model(added(nodes))
