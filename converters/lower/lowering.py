"""ONNX to TFLite: read, walk the nodes with the rule table, tidy, and compare with ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.graph import Graph, Operator, Tensor
from converters.lower.control_flow import bodies
from converters.lower.errors import CannotLowerError
from converters.lower.layout import channel_last, physical, plain
from converters.lower.lowered import Lowering
from converters.lower.patterns import with_patterns
from converters.lower.rules import RULES
from converters.lower.source import read_source
from converters.lower.tidy import TIDYING
from converters.lower.writing import FLOAT, Writing
from converters.passes import run_passes
from converters.quantize.prepare import prepare
from converters.tflite import write_tflite
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.lower.layout import Layout
    from converters.lower.node import Node
    from converters.lower.source import Source

LARGEST_DEVIATION = 1e-3
"""Relative to the output's largest value; beyond it the lowering is refused. Parity is ≤ 1e-5 on networks in use."""

_PICTURE_RANK = 4

_STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an absent attribute or a constant of the wrong length makes a rule raise; ONNX Runtime bears some of them."""


def lower_model(content: bytes, *, input_size: tuple[int, int] | None = None) -> Lowering:
    """A float ONNX model as a float TFLite graph, compared with ONNX Runtime on two inputs.

    An input of four axes becomes N×H×W×C, unless the model itself begins by transposing it from there. An output that
    is computed with channels last stays so; every other one has ONNX's order. Names of inputs and outputs are kept.

    Args:
        content: the bytes of an ONNX file of operator set 7 to 23 with one float32 input.
        input_size: height and width in pixels, where the model leaves them open.

    Raises:
        BadInputError: damaged, open or absurd shapes, weights in another file.
        CannotLowerError: a node has no form in TFLite; it is named with the reason and what to change.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    source = with_patterns(read_source(content, input_size))
    _refuse_unknown(source)
    w = Writing(source)
    _add_input(w)
    for node in source.nodes:
        _lower_node(w, node)
    layouts = {source.input_name: w.layout(source.input_name)} | _add_outputs(w)
    run_passes(w.graph, TIDYING)
    graph = prepare(w.graph)
    content = write_tflite(graph)
    _compare(source, graph, content, layouts)
    return Lowering(graph, content, layouts)


def _refuse_unknown(source: Source) -> None:
    unknown = [node for node in source.nodes if node.kind not in RULES]
    if unknown:
        others = sorted({node.kind for node in unknown[1:]} - {unknown[0].kind})
        more = f" (and {', '.join(others)} elsewhere)" if others else ""
        if any(bodies(unknown[0].attributes)):
            raise unknown[0].refuse(
                f"what it computes depends on the input, and a lowered model has no loops and branches{more}",
                "export the model without control flow: loops unrolled, branches decided",
            )
        raise unknown[0].refuse(
            f"this operator has no rule{more}",
            "replace it with operators of docs/reference/onnx-operators.md",
        )


def _lower_node(w: Writing, node: Node) -> None:
    w.node = node
    try:
        RULES[node.kind].lower(w, node)
    except LeptonError:
        raise
    except _STUMBLES as error:
        raise node.refuse(
            f"its attributes or constants are not what the operator's specification asks for ({error})",
            "export the model again, or report it",
        ) from error


def _add_input(w: Writing) -> None:
    name = w.source.input_name
    layout = _input_layout(w.source)
    shape = physical(w.shape(name), layout)
    w.graph.tensors[name] = Tensor(name, shape, FLOAT)
    w.graph.inputs.append(name)
    w.give(name, name, layout)


def _input_layout(source: Source) -> Layout:
    rank = source.values[source.input_name].ndim
    readers = [node for node in source.nodes if source.input_name in node.inputs]
    turns = [tuple(node.attributes.get("perm", ())) for node in readers if node.kind == "Transpose"]
    if rank != _PICTURE_RANK or (readers and len(turns) == len(readers) and set(turns) == {(0, 3, 1, 2)}):
        return plain(rank)
    return channel_last(rank)


def _add_outputs(w: Writing) -> dict[str, Layout]:
    """Every output under its own name; channels last if it was computed so, else in ONNX's order."""
    layouts: dict[str, Layout] = {}
    for name in w.source.outputs:
        rank = len(w.shape(name))
        layout = w.layout(name)
        layouts[name] = layout if layout == channel_last(rank) and rank == _PICTURE_RANK else plain(rank)
        tensor = w.read(name, layouts[name])
        if w.graph.tensors[tensor].dtype != FLOAT:
            raise CannotLowerError(
                f"cannot lower this model to TFLite: its output {name!r} holds whole numbers; end it with floats (the "
                "values of a TopK, not their positions), or keep the model ONNX: --format onnx"
            )
        if tensor != name:  # else the output is the input itself
            _name_output(w, name, tensor)
        w.graph.outputs.append(name)
    return layouts


def _name_output(w: Writing, name: str, tensor: str) -> None:
    graph, held = w.graph, w.graph.tensors[tensor]
    if tensor in graph.inputs or tensor in graph.outputs or held.data is not None or name in graph.tensors:
        size = w.add_integers(held.shape)
        graph.operators.append(Operator("RESHAPE", [tensor, size], [name], {"new_shape": held.shape}))
        graph.tensors[name] = replace(held, name=name, data=None)
    else:
        graph.tensors[name] = replace(graph.tensors.pop(tensor), name=name)
        graph.operators = [_renamed(operator, tensor, name) for operator in graph.operators]
        w.rename(tensor, name)


def _renamed(operator: Operator, old: str, new: str) -> Operator:
    if old not in operator.inputs and old not in operator.outputs:
        return operator
    inputs = [new if name == old else name for name in operator.inputs]
    return replace(operator, inputs=inputs, outputs=[new if name == old else name for name in operator.outputs])


def _compare(source: Source, graph: Graph, content: bytes, layouts: dict[str, Layout]) -> None:
    session = Session(content, Kernels.XNNPACK)
    for trial in source.trials:
        given = trial.given.transpose(layouts[source.input_name])
        session.run({source.input_name: np.ascontiguousarray(given)})
        for name, found in zip(graph.outputs, session.outputs(), strict=True):
            _refuse_deviation(name, found, trial.answers[name].transpose(layouts[name]))


def _refuse_deviation(name: str, found: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> None:
    deviation = _deviation(found, wanted) if found.shape == wanted.shape else np.inf
    if not deviation <= LARGEST_DEVIATION:
        raise CannotLowerError(
            f"cannot lower this model to TFLite: output {name!r} differs from ONNX Runtime's by {deviation:.2g} of "
            f"its largest value, wanted at most {LARGEST_DEVIATION:g}; keep the model ONNX, and report it"
        )


def _deviation(found: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> float:
    """The largest difference as a share of the largest value; NaN and infinity must be where they were."""
    usual = np.isfinite(wanted)
    if not np.array_equal(found[~usual], wanted[~usual], equal_nan=True):
        return np.inf
    difference = float(np.abs(found[usual] - wanted[usual]).max(initial=0))
    return difference / (float(np.abs(wanted[usual]).max(initial=0)) or 1.0)
