"""The operators of an ONNX model as an accelerator's compiler sees them.

Shapes and types are those that ONNX's own inference finds. A Constant is no operator, but a constant; so is what an
operator makes of constants alone, because compilers fold that, or take quantised weights so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from converters.lower.model_file import import_onnx, parse_model, stored_array
from device_profiles.placement.node import OPEN, Node, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWEST_TYPE_NAMES = {"float8_e4m3fn": "float8", "float8_e5m2": "float8"}
RANDOM_KINDS = frozenset({"Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike"})
"""They read constants and give another value at each run."""

MASKED_KIND = "Dropout"
"""Its second output is for training: old files name it, nobody reads it, and ONNX infers no type for it."""


def onnx_nodes(content: bytes, input_size: tuple[int, int] | None) -> tuple[Node, ...]:
    """Every operator, in run order.

    Args:
        content: the bytes of an ONNX file.
        input_size: height and width in pixels, where the model leaves them open.

    Raises:
        BadInputError: a file that is damaged, too big or of an unknown operator set.
        MissingExtraError: the package onnx is not installed.
    """
    return _nodes(parse_model(content, input_size))


def own_onnx_nodes(content: bytes) -> tuple[Node, ...]:
    """Every operator of a model that was made here and need not be checked; axes may be open."""
    return _nodes(import_onnx().load_from_string(content))


def _nodes(model: Any) -> tuple[Node, ...]:
    onnx = import_onnx()
    model = onnx.shape_inference.infer_shapes(model)
    values = _values(onnx, model.graph)
    ends = {info.name for info in model.graph.output}
    read = ends.union(*(node.input for node in model.graph.node))
    return tuple(_node(onnx, node, values, read) for node in model.graph.node if node.op_type != "Constant")


def _values(onnx: Any, graph: Any) -> dict[str, Value]:
    known = {info.name: _flowing(onnx, info) for info in (*graph.input, *graph.value_info, *graph.output)}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Constant":
            continue
        name = node.output[0]
        known[name] = Value(name, None, "", constant=True)
        stored.update((name, each.t) for each in node.attribute if each.name == "value")
    known |= {name: _constant(name, tensor) for name, tensor in stored.items()}
    for node in graph.node:
        if _folds(node, known):
            known.update(
                (name, replace(known.get(name, Value(name, None, "")), constant=True)) for name in node.output if name
            )
    return known


def _folds(node: Any, known: Mapping[str, Value]) -> bool:
    """Whether an operator computes with constants alone; one with a body or without inputs is not looked into."""
    read = [name for name in node.input if name]
    if not read or node.op_type in RANDOM_KINDS or any(each.g.node or each.graphs for each in node.attribute):
        return False
    return all(name in known and known[name].constant for name in read)


def _constant(name: str, tensor: Any) -> Value:
    data = stored_array(tensor)
    return Value(name, data.shape, data.dtype.name, constant=True, data=data)


def _flowing(onnx: Any, info: Any) -> Value:
    kind = info.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name if kind.elem_type else ""
    axes = tuple(axis.dim_value if axis.HasField("dim_value") else OPEN for axis in kind.shape.dim)
    return Value(info.name, axes if kind.HasField("shape") else None, NEWEST_TYPE_NAMES.get(dtype, dtype))


def _node(onnx: Any, node: Any, values: Mapping[str, Value], read: set[str]) -> Node:
    last = 1 if node.op_type == MASKED_KIND and not read.intersection(node.output[1:]) else None
    return Node(
        node.op_type,
        tuple(values.get(name, Value(name, None, "")) if name else None for name in node.input),
        tuple(values.get(name, Value(name, None, "")) for name in node.output[:last] if name),
        {each.name: _option(onnx, each) for each in node.attribute},
    )


def _option(onnx: Any, attribute: Any) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
