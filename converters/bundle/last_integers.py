"""The last integers of an ONNX network, and how far one step of theirs moves what it gives.

What `converters.bundle.float_tail` does for TFLite: from each output back to the nearest DequantizeLinear of something
computed, through all that is float in between, such as what joins and lays out, a softmax, the decoding of boxes. The
integers there are moved by one, and what is behind them is run.

Where pairs stand only before what computes (`converters.quantize.onnx.scheme`), the last integers go into a product. It
sums many, and a step more or less is one of them: the product moves by one step times the largest weight.

What chooses is held (`converters.bundle.one_step`): what is not floating, and the ones and zeros of a Hardmax.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.bundle.one_step import furthest
from converters.lower.control_flow import captured
from converters.quantize.onnx.prepare import Packages, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

_log = logging.getLogger(__name__)

_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_FLOATING = ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "UNDEFINED")
"""Types of numbers that are computed; the last of what an operator gives that `onnx` does not know."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A network cut at its last integers.

    whole: an ONNX model that gives what the tail reads, in the order of `steps`.
    tail: an `onnx.ModelProto` of what is behind; only the network's own input is among its inputs yet.
    steps: how far each of the values at the cut is moved, by name: an integer by 1, a product in its real unit, what is
        held by 0.
    own: the network's own input.
    direct: outputs that are such values themselves.
    """

    whole: bytes
    tail: Any
    steps: dict[str, float]
    own: str
    direct: tuple[str, ...]


def last_steps(content: bytes, inputs: Sequence[npt.NDArray[Any]]) -> dict[str, float]:
    """How far each output moves when the last integers before it are one step off, in its real unit.

    Args:
        content: an ONNX model whose integers stand between QuantizeLinear and DequantizeLinear.
        inputs: as the network takes them; the largest movement over all counts.

    Returns:
        By output name; outputs that are not floating, and those that do not move, are absent. Empty where the parts
        do not run on their own, which the log says.

    Raises:
        MissingExtraError: `onnx` or `onnxruntime` is not installed.
    """
    packages = Packages.load()
    try:
        cut = _cut(packages.onnx, content)
        return {} if cut is None else _movements(packages, cut, inputs)
    except packages.failures() as error:
        _log.warning("goldens have no room for a step of the last integers: %s", first_line(error))
        return {}


def _movements(packages: Packages, cut: _Cut, inputs: Sequence[npt.NDArray[Any]]) -> dict[str, float]:
    onnx = packages.onnx
    found = {name: cut.steps[name] for name in cut.direct}
    behind = [value.name for value in cut.tail.graph.output]
    if not behind:
        return found
    feeds = _at_the_cut(packages, cut, inputs)
    for name in cut.steps:
        kind = onnx.helper.np_dtype_to_tensor_dtype(feeds[0][name].dtype)
        cut.tail.graph.input.append(onnx.helper.make_tensor_value_info(name, kind, None))
    tail = packages.session(cut.tail.SerializeToString(), as_written=True)
    for feed in feeds:
        moved = furthest(lambda values: tail.run(None, values), feed, cut.steps)
        for name, distance in zip(behind, moved, strict=True):
            found[name] = max(found.get(name, 0.0), distance)
    return {name: distance for name, distance in found.items() if distance}


def _at_the_cut(packages: Packages, cut: _Cut, inputs: Sequence[npt.NDArray[Any]]) -> list[dict[str, npt.NDArray[Any]]]:
    """What the tail reads, for each input; the whole network is gone before the tail is opened."""
    whole = packages.session(cut.whole, as_written=True)
    own = [{cut.own: values} for values in inputs]
    return [feed | dict(zip(cut.steps, whole.run(None, feed), strict=True)) for feed in own]


def _cut(onnx: Any, content: bytes) -> _Cut | None:
    """None for a network without such integers."""
    model = onnx.shape_inference.infer_shapes(content)
    graph = model.graph
    stored = {initializer.name: initializer for initializer in graph.initializer}
    given = [value for value in graph.input if value.name not in stored]
    made = {name for node in graph.node for name in node.output}
    choices = _choices(onnx.TensorProto, graph)
    outputs = [value for value in graph.output if value.name in made - choices]
    nodes, steps = _behind(onnx, graph, stored, [value.name for value in outputs], choices)
    if not any(steps.values()):
        return None
    read = {name for node in nodes for name in _read(node)}
    constants = [initializer for initializer in graph.initializer if initializer.name in read]
    behind = [value for value in outputs if value.name not in steps]
    tail = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, graph.name, given, behind, constants),
        ir_version=model.ir_version,
        opset_imports=model.opset_import,
        functions=model.functions,
    )
    for node in tail.graph.node:
        # A TopK that stays for its scores makes its places, which are held, once more.
        node.output[:] = [f"{name} once more" if name in steps else name for name in node.output]
    direct = tuple(value.name for value in outputs if value.name in steps)
    del graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in steps)
    return _Cut(model.SerializeToString(), tail, steps, given[0].name, direct)


def _choices(types: Any, graph: Any) -> set[str]:
    """The values that are places, counts or comparisons."""
    floating = {getattr(types, name) for name in _FLOATING}
    values = (*graph.value_info, *graph.output)
    chosen = {value.name for value in values if value.type.tensor_type.elem_type not in floating}
    return chosen.union(*(node.output for node in graph.node if node.op_type == "Hardmax"))


def _behind(
    onnx: Any, graph: Any, stored: Mapping[str, Any], outputs: Sequence[str], choices: set[str]
) -> tuple[list[Any], dict[str, float]]:
    """The nodes behind the last integers, in run order; and what these read that is moved or held, by name."""
    makers = {name: node for node in graph.node for name in node.output if name}
    steps: dict[str, float] = {}
    waiting, kept = list(outputs), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in makers or name in kept or name in steps:
            continue
        maker = makers[name]
        product = _product_step(onnx, maker, makers, stored)
        if product is not None:
            steps[name] = product
        elif name in choices:
            steps[name] = 0.0
        else:
            kept.add(name)
            steps |= {maker.input[0]: 1.0} if _makes_real(maker, makers) else {}
            waiting += _read(maker)
    nodes = [node for node in graph.node if not kept.isdisjoint(node.output)]
    # Sorted, so that the same are drawn in every process.
    return nodes, dict(sorted(steps.items()))


def _read(node: Any) -> set[str]:
    return {*node.input, *captured({one.name: [one.g, *one.graphs] for one in node.attribute})}


def _makes_real(node: Any, makers: Mapping[str, Any]) -> bool:
    """Of computed integers; not of weights, nor of the network's own input, which is the same on every processor."""
    before = makers.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
    return before is not None and not makers.keys().isdisjoint(before.input)


def _product_step(onnx: Any, node: Any, makers: Mapping[str, Any], stored: Mapping[str, Any]) -> float | None:
    """By how much one of the integers that it sums moves a product; None for all else.

    Also for weights that have zero points, whose product is computed behind its integers instead.
    """
    activation, weight = (makers.get(name) for name in node.input[:2]) if node.op_type in _PRODUCTS else (None, None)
    if activation is None or weight is None or weight.op_type != "DequantizeLinear":
        return None
    constants = [activation.input[1], *weight.input]
    if not _makes_real(activation, makers) or not stored.keys() >= set(constants):
        return None
    step, integers, scales, *zero = (onnx.numpy_helper.to_array(stored[name]) for name in constants)
    if any(one.any() for one in zero):
        return None
    largest = max(abs(float(integers.min())), abs(float(integers.max()))) * float(scales.max())
    alpha = next((float(one.f) for one in node.attribute if one.name == "alpha"), 1.0)
    return float(step.max()) * largest * abs(alpha)
