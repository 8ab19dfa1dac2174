"""A float TFLite graph as ONNX, for ONNX Runtime, which takes nothing else: the operators of the TFLite networks here.

Channels go second once at the input; the answer is compared with LiteRT's before it is used (see `bench`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph, Operator

OPSET = 17
PICTURE_RANK = 4
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class NoTwinError(ValueError):
    """An operator has no rule here."""


class _Writer:
    """Nodes and constants as they are made; a value of four axes is channels second throughout."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        """A stored array's name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def data(self, name: str | None) -> Any:
        """A constant's values."""
        return self.graph.tensors[str(name)].data

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """A node's output."""
        output = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def activated(self, operator: Operator, value: str) -> None:
        """Give the operator's output name to the value, after its fused activation."""
        fused, out = operator.options.get("fused_activation_function", "NONE"), operator.outputs[0]
        if fused == "RELU":
            self.add("Relu", [value], out)
        elif fused == "RELU6":
            self.add("Clip", [value, self.constant(np.float32(0)), self.constant(np.float32(6))], out)
        elif fused == "NONE":
            self.add("Identity", [value], out)
        else:
            raise NoTwinError(f"the bench writes no ONNX for the activation {fused}")


def onnx_twin(graph: Graph) -> bytes:
    """The bytes of an ONNX file that computes the same.

    Raises:
        NoTwinError: an operator has no rule here; it is named.
    """
    w = _Writer(graph)
    for operator in graph.operators:
        if operator.kind not in RULES:
            raise NoTwinError(f"the bench writes no ONNX for {operator.kind}")
        RULES[operator.kind](w, operator)
    taken = graph.tensors[graph.inputs[0]].shape
    shape = tuple(taken[axis] for axis in TO_FIRST) if len(taken) == PICTURE_RANK else taken
    inputs = [helper.make_tensor_value_info(graph.inputs[0], TensorProto.FLOAT, shape)]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, graph.tensors[name].shape) for name in graph.outputs
    ]
    made = helper.make_graph(w.nodes, "twin", inputs, outputs, w.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _conv(w: _Writer, operator: Operator) -> None:
    stored = w.data(operator.inputs[1])
    is_depthwise = operator.kind == "DEPTHWISE_CONV_2D"
    weights = stored.transpose(3, 0, 1, 2) if is_depthwise else stored.transpose(0, 3, 1, 2)
    channels = w.graph.tensors[str(operator.inputs[0])].shape[-1]
    dilations = [operator.options.get(f"dilation_{axis}_factor", 1) for axis in "hw"]
    inputs = [str(operator.inputs[0]), w.constant(weights)]
    inputs += [w.constant(w.data(name)) for name in operator.inputs[2:] if name is not None]
    made = w.add(
        "Conv",
        inputs,
        group=channels if is_depthwise else 1,
        strides=_strides(operator),
        dilations=dilations,
        pads=_pads(w, operator, weights.shape[2:], dilations),
    )
    w.activated(operator, made)


def _pool(kind: str) -> Callable[[_Writer, Operator], None]:
    def rule(w: _Writer, operator: Operator) -> None:
        window = [operator.options["filter_height"], operator.options["filter_width"]]
        pads = _pads(w, operator, tuple(window), [1, 1])
        made = w.add(kind, [str(operator.inputs[0])], kernel_shape=window, strides=_strides(operator), pads=pads)
        w.activated(operator, made)

    return rule


def _fully_connected(w: _Writer, operator: Operator) -> None:
    inputs = [_last(w, str(operator.inputs[0])), w.constant(w.data(operator.inputs[1]))]
    inputs += [w.constant(w.data(name)) for name in operator.inputs[2:] if name is not None]
    w.activated(operator, w.add("Gemm", inputs, transB=1))


def _reshape(w: _Writer, operator: Operator) -> None:
    shape = w.graph.tensors[operator.outputs[0]].shape
    if len(shape) == PICTURE_RANK:
        raise NoTwinError("the bench writes no ONNX for a RESHAPE to four axes")
    w.add("Reshape", [_last(w, str(operator.inputs[0])), w.constant(np.asarray(shape, np.int64))], operator.outputs[0])


def _softmax(w: _Writer, operator: Operator) -> None:
    w.add("Softmax", [str(operator.inputs[0])], operator.outputs[0], axis=-1)


def _add(w: _Writer, operator: Operator) -> None:
    w.activated(operator, w.add("Add", [str(name) for name in operator.inputs]))


def _last(w: _Writer, name: str) -> str:
    """A value with its channels last, as TFLite flattens it."""
    is_picture = len(w.graph.tensors[name].shape) == PICTURE_RANK
    return w.add("Transpose", [name], perm=TO_LAST) if is_picture else name


def _strides(operator: Operator) -> list[int]:
    return [operator.options["stride_h"], operator.options["stride_w"]]


def _pads(w: _Writer, operator: Operator, window: tuple[int, ...], dilations: list[int]) -> list[int]:
    """Top, left, bottom, right of TensorFlow's SAME padding; none for VALID."""
    if operator.options["padding"] == "VALID":
        return [0, 0, 0, 0]
    sizes = w.graph.tensors[str(operator.inputs[0])].shape[1:3]
    total = [
        max(0, (-(-size // stride) - 1) * stride + (span - 1) * dilation + 1 - size)
        for size, span, stride, dilation in zip(sizes, window, _strides(operator), dilations, strict=True)
    ]
    return [amount // 2 for amount in total] + [amount - amount // 2 for amount in total]


RULES: dict[str, Callable[[_Writer, Operator], None]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _pool("AveragePool"),
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _conv,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pool("MaxPool"),
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
    "SQUEEZE": _reshape,
}
