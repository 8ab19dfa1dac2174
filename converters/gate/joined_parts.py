"""What a float network joins at its end, such as boxes and scores: which values of an output are of which part.

The layout behind the joining is done to the numbers of the parts instead of to values, so that any order of joining,
turning and reshaping is followed exactly.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.onnx.unlike_parts import nodes_before_outputs
from converters.quantize.unlike_parts import operators_before_outputs
from converters.tflite import read_tflite
from edge_contracts.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from converters.graph import Graph, Operator
    from edge_contracts.bundle import Bundle

    Array = npt.NDArray[Any]
    Shapes = Mapping[str, tuple[int, ...]]
    Parts = dict[str, dict[str, npt.NDArray[np.intp]]]
    """For each output that joins parts: for each of them, by its name, the places of its values, the output flat."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One operator that joins or lays out: what it reads, what it makes, and how."""

    inputs: tuple[str, ...]
    output: str
    lay_out: Callable[[Sequence[Array]], Array]


def joined_parts(source: Bundle) -> Parts:
    """The parts of each output; outputs that join nothing are absent, as are those whose sizes the file leaves open.

    Args:
        source: a float network.

    Raises:
        MissingExtraError: an ONNX network, and the package `onnx` is not installed.
    """
    steps, shapes, outputs = _of_onnx(source.model) if source.manifest.runtime == "onnx" else _of_tflite(source.model)
    names: list[str] = []
    numbers: dict[str, Array] = {}
    for step in steps:
        for name in step.inputs:
            if name not in numbers and name in shapes:
                numbers[name] = np.broadcast_to(np.intp(len(names)), shapes[name])
                names.append(name)
        # A size that is not the file's comes of one that it leaves open.
        with suppress(KeyError, ValueError):
            made = step.lay_out([numbers[name] for name in step.inputs])
            numbers |= {step.output: made} if made.shape == shapes[step.output] else {}
    places = {name: _places(numbers[name], names) for name in outputs if name in numbers}
    return {name: parts for name, parts in places.items() if len(parts) > 1}


def _places(numbers: Array, names: Sequence[str]) -> dict[str, npt.NDArray[np.intp]]:
    flat = numbers.reshape(-1)
    return {names[number]: np.flatnonzero(flat == number) for number in np.unique(flat)}


def _of_tflite(content: bytes) -> tuple[list[_Step], Shapes, list[str]]:
    graph = read_tflite(content)
    shapes = _known({name: tensor.shape for name, tensor in graph.tensors.items()})
    steps = [_tflite_step(graph, shapes, operator) for operator in operators_before_outputs(graph)]
    return steps, shapes, graph.outputs


def _tflite_step(graph: Graph, shapes: Shapes, operator: Operator) -> _Step:
    names, output = [str(name) for name in operator.inputs], operator.outputs[0]
    if operator.kind == "CONCATENATION":
        return _Step(tuple(names), output, partial(np.concatenate, axis=operator.options["axis"]))
    if operator.kind == "PACK":
        return _Step(tuple(names), output, partial(np.stack, axis=operator.options["axis"]))
    order = graph.tensors[names[1]].data if operator.kind == "TRANSPOSE" else None
    return _copying(names[0], output, shapes, None if order is None else order.tolist())


def _of_onnx(content: bytes) -> tuple[list[_Step], Shapes, list[str]]:
    try:
        import onnx  # noqa: PLC0415 - only ONNX models need it
        import onnx.shape_inference  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"wanted the package onnx ({error}); install lepton-edge[convert]") from error
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(content), data_prop=True)
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    sizes = {value.name: tuple(size.dim_value for size in value.type.tensor_type.shape.dim) for value in values}
    shapes = _known({**sizes, **{stored.name: tuple(stored.dims) for stored in model.graph.initializer}})
    steps = [_onnx_step(node, shapes) for node in nodes_before_outputs(model)]
    return steps, shapes, [value.name for value in model.graph.output]


def _onnx_step(node: Any, shapes: Shapes) -> _Step:
    said = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type == "Concat":
        return _Step(tuple(node.input), node.output[0], partial(np.concatenate, axis=said["axis"].i))
    order = list(said["perm"].ints) if "perm" in said else list(range(len(shapes.get(node.input[0], ()))))[::-1]
    return _copying(node.input[0], node.output[0], shapes, order if node.op_type == "Transpose" else None)


def _copying(given: str, made: str, shapes: Shapes, order: list[int] | None) -> _Step:
    """What turns the axes, or keeps the order of the values in another shape."""
    if order is not None:
        return _Step((given,), made, lambda numbers: numbers[0].transpose(order))
    return _Step((given,), made, lambda numbers: numbers[0].reshape(shapes[made]))


def _known(shapes: Shapes) -> Shapes:
    """Those without an open size; an open batch is 1."""
    one = {name: (1, *shape[1:]) if shape and shape[0] < 1 else shape for name, shape in shapes.items()}
    return {name: shape for name, shape in one.items() if min(shape, default=1) > 0}
