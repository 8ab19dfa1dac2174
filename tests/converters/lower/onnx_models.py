"""Drawing small ONNX models, lowering them, and comparing both answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx.shape_inference
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from converters.execute import Kernels, run_all
from converters.lower.lowering import lower_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from converters.graph import Graph

    Array = np.ndarray[Any, Any]

PARITY = 1e-4
"""Largest deviation from ONNX Runtime, relative to the largest value of an output."""

OPSET = 17

OLD_ONNXRUNTIME = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2]) < (1, 24)
"""The last one for Python 3.10 is 1.23; it fails on some models that it says it can run."""


def drawn(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str],
    constants: Mapping[str, Array] | None = None,
    *,
    opset: int = OPSET,
    outputs: Sequence[str] = ("y",),
) -> bytes:
    """A model of the given nodes from `x` of `shape` to the outputs; `constants` by name."""
    known = {"x": list(shape)} | {name: np.shape(value) for name, value in (constants or {}).items()}
    graph = helper.make_graph(
        list(nodes),
        "drawn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, known.get(name)) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(onnx.shape_inference.infer_shapes(model, data_prop=True).SerializeToString())


def one(kind: str, shape: Sequence[int | str], *constants: Any, opset: int = OPSET, **attributes: Any) -> bytes:
    """A model of one node: its first input is `x`, the others are constants (None where absent)."""
    named = {f"c{place}": np.asarray(value) for place, value in enumerate(constants) if value is not None}
    inputs = ["x", *("" if value is None else f"c{place}" for place, value in enumerate(constants))]
    node = helper.make_node(kind, inputs, ["y"], name=f"the_{kind.lower()}", **attributes)
    return drawn([node], shape, named, opset=opset)


def answers(content: bytes, feed: Array) -> list[Array]:
    """What ONNX Runtime gives without any optimisation."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options)
    constants = {item.name for item in onnx.load_from_string(content).graph.initializer}
    name = next(item.name for item in session.get_inputs() if item.name not in constants)
    return list(session.run(None, {name: feed}))


@dataclass(frozen=True)
class Lowered:
    """A lowered model, one input in its own layout, and what ONNX Runtime says in the layout of its outputs."""

    graph: Graph
    content: bytes
    feed: dict[str, Array]
    wanted: list[Array]

    def kinds(self) -> list[str]:
        return [operator.kind for operator in self.graph.operators]

    def worst(self, found: Sequence[Array]) -> float:
        return worst(deviation(value, expected) for value, expected in zip(found, self.wanted, strict=True))


def worst(deviations: Iterable[float]) -> float:
    """The largest, or NaN wherever one is, which Python's own `max` overlooks behind a number."""
    return float(np.max([*deviations]))


def deviation(found: Array, wanted: Array) -> float:
    """The largest difference, as a share of the largest value."""
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max(initial=0) / max(float(np.abs(wanted).max(initial=0)), 1e-6))


def lowered(content: bytes, *, seed: int = 7, low: float | None = None) -> Lowered:
    """Lower a model and draw an input for it.

    Args:
        content: the ONNX file.
        seed: of the input.
        low: the least input; None for a normal distribution.
    """
    made = lower_model(content)
    graph = made.graph
    name = graph.inputs[0]
    shape = graph.tensors[name].shape
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) if low is None else rng.uniform(low, low + 2, shape)
    feed = values.astype(np.float32)
    wanted = answers(content, feed.transpose(np.argsort(made.layouts[name])))
    turned = [value.transpose(made.layouts[output]) for value, output in zip(wanted, graph.outputs, strict=True)]
    return Lowered(graph, made.content, {name: feed}, turned)


def agrees(content: bytes, **drawing: Any) -> Lowered:
    """Lower a model and assert that both of LiteRT's kernel sets answer as ONNX Runtime does."""
    made = lowered(content, **drawing)
    for kernels in Kernels:
        found = run_all(made.content, [made.feed], kernels)[0]
        assert made.worst(found) <= PARITY, (kernels, made.worst(found), made.kinds())
    return made


def with_drawn_weights(content: bytes, seed: int = 0) -> bytes:
    """A topology whose constants are all equal, with random ones in their place, so that a wrong axis shows."""
    model = onnx.load_from_string(content)
    rng = np.random.default_rng(seed)
    shapes = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    kept = [node for node in model.graph.node if node.op_type != "ConstantOfShape"]
    drawn_weights = [
        numpy_helper.from_array(_weights(rng, tuple(shapes[node.input[0]])), node.output[0])
        for node in model.graph.node
        if node.op_type == "ConstantOfShape"
    ]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(drawn_weights)
    model.ir_version = 8
    _without_last_softmax(model)
    return bytes(model.SerializeToString())


def with_narrow_ends(content: bytes, wide: int = 4096, narrow: int = 256) -> bytes:
    """A topology whose hidden fully connected layers have fewer outputs: nine tenths of its bytes are in them."""
    model = onnx.load_from_string(content)
    shapes = {node.input[0] for node in model.graph.node if node.op_type == "ConstantOfShape"}
    for item in model.graph.initializer:
        if item.name in shapes:
            sides = numpy_helper.to_array(item)
            item.CopyFrom(numpy_helper.from_array(np.where(sides == wide, narrow, sides), item.name))
    return bytes(model.SerializeToString())


def _without_last_softmax(model: onnx.ModelProto) -> None:
    """A softmax of large numbers is 0 or 1 whatever was computed before."""
    last = model.graph.node[-1]
    if last.op_type == "Softmax":
        model.graph.output[0].name = last.input[0]
        del model.graph.node[-1]


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) == 1:
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    spread = np.sqrt(2 / np.prod(shape[1:]))
    return np.asarray(rng.standard_normal(shape, np.float32) * np.float32(spread))
