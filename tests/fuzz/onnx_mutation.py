"""Damage to an ONNX file that keeps it a protobuf: wrong shapes, types, wires, attributes, weights, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converters.lower.rules import RULES
from tests.fuzz.mutation import FLOATS, integer, shape

if TYPE_CHECKING:
    from random import Random

KINDS = (
    *RULES,
    "If",
    "Loop",
    "Scan",
    "LSTM",
    "TopK",
    "NonMaxSuppression",
    "Where",
    "Einsum",
    "Shape",
    "Range",
    "NoSuch",
)
PLACES = ("/etc/passwd", "../weights.bin", "weights.bin", "", "/dev/zero", "..\\..\\x", "file:///etc/passwd")


def mutated(content: bytes, draw: Random) -> bytes:
    """The file after one to four changes to what it says."""
    model = onnx.load_from_string(content)
    for _ in range(draw.choice((1, 1, 2, 4))):
        draw.choice(_CHANGES)(model, draw)
    return bytes(model.SerializeToString())


def _node(model: Any, draw: Random) -> Any:
    return draw.choice(model.graph.node) if model.graph.node else model.graph.node.add(op_type="Relu")


def _weights(model: Any, draw: Random) -> Any:
    if not model.graph.initializer:
        model.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "made"))
    return draw.choice(model.graph.initializer)


def _name(model: Any, draw: Random) -> str:
    names = [name for node in model.graph.node for name in (*node.input, *node.output)]
    names += [item.name for item in (*model.graph.initializer, *model.graph.input)]
    return draw.choice([*names, "", "nobody"])


def _input_shape(model: Any, draw: Random) -> None:
    kind = model.graph.input[0].type.tensor_type if model.graph.input else None
    if kind is not None:
        sizes = shape(draw, [size.dim_value for size in kind.shape.dim])
        del kind.shape.dim[:]
        kind.shape.dim.extend(
            onnx.TensorShapeProto.Dimension(dim_param="n") if draw.random() < 0.1 else _dimension(size)
            for size in sizes
        )


def _dimension(size: int) -> Any:
    return onnx.TensorShapeProto.Dimension(dim_value=size)


def _type(model: Any, draw: Random) -> None:
    for value in model.graph.input[:1]:
        value.type.tensor_type.elem_type = draw.randrange(25)


def _dims(model: Any, draw: Random) -> None:
    held = _weights(model, draw)
    sizes = shape(draw, held.dims)
    del held.dims[:]
    held.dims.extend(sizes)


def _data_type(model: Any, draw: Random) -> None:
    _weights(model, draw).data_type = draw.randrange(25)


def _values(model: Any, draw: Random) -> None:
    held = _weights(model, draw)
    data = bytearray(held.raw_data)
    if not data:
        return
    start = draw.randrange(0, len(data), 4)
    way = draw.randrange(3)
    if way == 0:
        del data[start:]
    elif way == 1:
        data[start : start + 4] = np.float32(draw.choice(FLOATS)).tobytes()[: len(data) - start]
    else:
        data[start : start + 8] = np.int64(integer(draw, 0)).tobytes()[: len(data) - start]
    held.raw_data = bytes(data)


def _elsewhere(model: Any, draw: Random) -> None:
    held = _weights(model, draw)
    held.data_location = TensorProto.EXTERNAL
    held.external_data.add(key="location", value=draw.choice(PLACES))
    if draw.random() < 0.5:
        held.external_data.add(key="offset", value=str(integer(draw, 0)))
        held.external_data.add(key="length", value=str(integer(draw, 64)))


def _rename(model: Any, draw: Random) -> None:
    held = draw.choice((_weights(model, draw), *model.graph.input, *model.graph.output))
    held.name = _name(model, draw)


def _wire(model: Any, draw: Random) -> None:
    node = _node(model, draw)
    side = draw.choice((node.input, node.input, node.output))
    way = draw.randrange(3)
    if way == 0 and side:
        side[draw.randrange(len(side))] = _name(model, draw)
    elif way == 1 and side:
        del side[draw.randrange(len(side))]
    else:
        side.append(_name(model, draw))


def _kind(model: Any, draw: Random) -> None:
    _node(model, draw).op_type = draw.choice(KINDS)


def _domain(model: Any, draw: Random) -> None:
    _node(model, draw).domain = draw.choice(("com.microsoft", "ai.onnx.ml", "nowhere", "ai.onnx"))


def _attribute(model: Any, draw: Random) -> None:
    node = _node(model, draw)
    if not node.attribute:
        name = draw.choice(("axis", "axes", "perm", "kernel_shape", "strides", "pads", "group", "to", "keepdims"))
        node.attribute.append(helper.make_attribute(name, draw.choice((integer(draw, 0), [integer(draw, 0)] * 2))))
        return
    found = draw.choice(node.attribute)
    if found.type == onnx.AttributeProto.INT:
        found.i = integer(draw, found.i)
    elif found.type == onnx.AttributeProto.INTS:
        sizes = shape(draw, found.ints)
        del found.ints[:]
        found.ints.extend(sizes)
    elif found.type == onnx.AttributeProto.FLOAT:
        found.f = draw.choice(FLOATS)
    elif found.type == onnx.AttributeProto.STRING:
        found.s = draw.choice((b"", b"\xff", b"SAME_UPPER", b"cubic", b"reflect"))
    else:
        node.attribute.remove(found)


def _attribute_type(model: Any, draw: Random) -> None:
    node = _node(model, draw)
    if node.attribute:
        draw.choice(node.attribute).type = draw.randrange(16)


def _order(model: Any, draw: Random) -> None:
    nodes = list(model.graph.node)
    draw.choice((draw.shuffle, lambda all_: all_.append(draw.choice(all_)), lambda all_: all_.pop()))(
        nodes or [_node(model, draw)]
    )
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _inner(model: Any, draw: Random) -> None:
    """A graph within a graph, at times many levels deep."""
    inner = onnx.GraphProto()
    inner.CopyFrom(model.graph)
    for _ in range(draw.choice((1, 1, 3))):
        node = helper.make_node("If", [_name(model, draw)], ["inner"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], "deeper", [], list(model.graph.output))
    model.graph.node.extend(inner.node)


def _versions(model: Any, draw: Random) -> None:
    if draw.random() < 0.5:
        model.ir_version = integer(draw, model.ir_version)
    elif model.opset_import:
        model.opset_import[0].version = draw.choice((integer(draw, 17), draw.randrange(5, 26)))


def _ends(model: Any, draw: Random) -> None:
    side = draw.choice((model.graph.input, model.graph.output))
    if draw.random() < 0.5 and len(side):
        del side[0]
    else:
        side.append(helper.make_tensor_value_info(_name(model, draw), TensorProto.FLOAT, shape(draw, [1, 4])))


_CHANGES = (
    _input_shape, _input_shape, _type, _dims, _dims, _data_type, _values, _values, _elsewhere, _rename, _wire, _wire,
    _wire, _kind, _kind, _domain, _attribute, _attribute, _attribute, _attribute, _attribute_type, _order, _inner,
    _versions, _ends,
)  # fmt: skip
