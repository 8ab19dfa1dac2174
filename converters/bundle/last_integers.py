"""The last integers of an ONNX network, and how far one step of theirs moves what it gives.

What `converters.bundle.float_tail` does for TFLite: from each output back to the nearest DequantizeLinear of something
computed, through all that is float in between, such as what joins and lays out, a softmax, the decoding of boxes. The
real values there are moved by one step, and what is behind them is run.

Where pairs stand only before what computes (`converters.quantize.onnx.scheme`), the last integers go into a product. It
sums many, and a step more or less is one of them: the product moves by one step times the largest weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.bundle.one_step import furthest
from converters.lower.control_flow import captured
from converters.quantize.onnx.prepare import Packages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


def last_steps(content: bytes, inputs: Sequence[npt.NDArray[Any]]) -> dict[str, float]:
    """How far each output moves when the last integers before it are one step off, in its real unit.

    Args:
        content: an ONNX model with one input, whose integers stand between QuantizeLinear and DequantizeLinear.
        inputs: as the network takes them; the largest movement over all counts.

    Returns:
        By output name; outputs that are not float, and those that do not move, are absent.

    Raises:
        MissingExtraError: `onnx` or `onnxruntime` is not installed.
    """
    packages = Packages.load()
    onnx, real_type = packages.onnx, packages.onnx.TensorProto.FLOAT
    model = onnx.load_from_string(content)
    stored = {initializer.name for initializer in model.graph.initializer}
    given = next(value for value in model.graph.input if value.name not in stored)
    outputs = [value for value in model.graph.output if value.type.tensor_type.elem_type == real_type]
    nodes, steps = _tail(onnx, model.graph, [value.name for value in outputs])
    found = {value.name: steps[value.name] for value in outputs if value.name in steps}
    behind = [value for value in outputs if value.name not in steps]
    if not steps or not behind:
        return found
    cuts = [onnx.helper.make_tensor_value_info(name, real_type, None) for name in steps]
    whole = packages.session(_part(onnx, model, model.graph.node, [given], cuts), as_written=True)
    tail = packages.session(_part(onnx, model, nodes, [given, *cuts], behind), as_written=True)
    for values in inputs:
        own = {given.name: values}
        real = own | dict(zip(steps, whole.run(None, own), strict=True))
        moved = furthest(lambda feed: tail.run(None, feed), real, steps)
        for value, distance in zip(behind, moved, strict=True):
            found[value.name] = max(found.get(value.name, 0.0), distance)
    return {name: distance for name, distance in found.items() if distance}


def _tail(onnx: Any, graph: Any, outputs: Sequence[str]) -> tuple[list[Any], dict[str, float]]:
    """The nodes behind the last integers, in run order; and what these read that has a step, by name."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {stored.name: onnx.numpy_helper.to_array(stored) for stored in graph.initializer}
    steps: dict[str, float] = {}
    waiting, kept = list(outputs), set[str]()
    while waiting:
        name = waiting.pop()
        step = _step(name, makers, constants)
        if step is not None:
            steps[name] = step
        elif name in makers and name not in kept:
            node = makers[name]
            kept.update(node.output)
            waiting += [*node.input, *captured({one.name: [one.g, *one.graphs] for one in node.attribute})]
    return [node for node in graph.node if not kept.isdisjoint(node.output)], steps


def _step(name: str, makers: Mapping[str, Any], constants: Mapping[str, npt.NDArray[Any]]) -> float | None:
    """The scale of the computed integers whose real value this is, or by how much one of them moves this product.

    None for all else; also for the network's own input, which is the same on every processor, stored or not.
    """
    maker = makers.get(name)
    if maker is not None and maker.op_type in _PRODUCTS:
        step, largest = _step(maker.input[0], makers, constants), _largest_weight(maker, makers, constants)
        return None if step is None or largest is None else step * largest
    if maker is None or maker.op_type != "DequantizeLinear" or maker.input[1] not in constants:
        return None
    before = makers.get(maker.input[0])
    is_computed = before is not None and any(one in makers for one in before.input)
    return float(constants[maker.input[1]].max()) if is_computed else None


def _largest_weight(product: Any, makers: Mapping[str, Any], constants: Mapping[str, npt.NDArray[Any]]) -> float | None:
    """Of those that a product has as integers, with zero point 0; None where it has others."""
    maker = makers.get(product.input[1])
    if maker is None or maker.op_type != "DequantizeLinear" or not constants.keys() >= set(maker.input[:2]):
        return None
    integers, scales = (constants[name] for name in maker.input[:2])
    return float(np.abs(integers.astype(np.float32)).max() * scales.max())


def _part(onnx: Any, model: Any, nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> bytes:
    """A model of some of the nodes, with other ends."""
    part = onnx.ModelProto()
    part.CopyFrom(model)
    for field, values in ((part.graph.node, nodes), (part.graph.input, inputs), (part.graph.output, outputs)):
        del field[:]
        field.extend(values)
    content: bytes = part.SerializeToString()
    return content
