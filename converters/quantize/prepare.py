"""From a float graph as exported to the float graph that calibration and quantisation start from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from converters.execute import Kernels, Session
from converters.passes import Pass, run_passes
from converters.quantize.affine import dequantize_constant
from converters.quantize.fold_into_next import fold_into_next
from converters.quantize.fold_into_previous import fold_into_previous
from converters.quantize.fold_shapes import fold_shapes
from converters.quantize.global_average import average_by_mean
from converters.quantize.mirror_by_slices import mirror_by_slices
from converters.quantize.step_by_slices import step_by_slices
from converters.quantize.twins import part_twins
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.graph import Graph, Operator, Tensor

_FLOAT = np.dtype("f4")
_FUSABLE = {"RELU": "RELU", "RELU6": "RELU6", "RELU_N1_TO_1": "RELU_N1_TO_1"}


def prepare(graph: Graph) -> Graph:
    """A copy of `graph` with fixed shapes, float32 constants, and activations fused into the operator before them."""
    prepared = replace(graph, tensors=dict(graph.tensors), operators=list(graph.operators))
    run_passes(prepared, PREPARATION)
    return prepared


def _fix_shapes(graph: Graph) -> bool:
    for name in graph.inputs:
        if -1 in graph.tensors[name].shape[1:]:
            raise BadInputError(
                f"input {name!r} has the open shape {graph.tensors[name].shape}; wanted a fixed size, except for the "
                "batch: export the model for the size that the board will see"
            )
    if not any(-1 in tensor.shape for tensor in graph.tensors.values()):
        return False
    for name in graph.inputs:
        _reshape(graph, name, tuple(max(size, 1) for size in graph.tensors[name].shape))
    computed = Session(write_tflite(graph), Kernels.REFERENCE).shapes()
    for name, tensor in list(graph.tensors.items()):
        if -1 in tensor.shape:
            _reshape(graph, name, computed[name])
    return True


def _reshape(graph: Graph, name: str, shape: tuple[int, ...]) -> None:
    graph.tensors[name] = replace(graph.tensors[name], shape=shape)


def _restore_constants(graph: Graph) -> bool:
    """Float exports may hold weights as int8 or float16, behind a DEQUANTIZE or as the operand of a float operator."""
    changed = False
    for operator in list(graph.operators):
        stored = [graph.tensors[name] for name in operator.inputs if name is not None]
        if operator.kind == "DEQUANTIZE" and stored[0].data is not None:
            _make_constant(graph, operator.outputs[0], stored[0])
            graph.operators.remove(operator)
            changed = True
        elif graph.tensors[operator.outputs[0]].dtype == _FLOAT and operator.kind != "DEQUANTIZE":
            for tensor in (tensor for tensor in stored if _is_compressed(tensor)):
                _make_constant(graph, tensor.name, tensor)
                changed = True
    return changed


def _is_compressed(tensor: Tensor) -> bool:
    is_integer = tensor.dtype in (np.dtype("i1"), np.dtype("u1")) and tensor.quantization is not None
    return tensor.data is not None and (is_integer or tensor.dtype == np.dtype("f2"))


def _make_constant(graph: Graph, name: str, stored: Tensor) -> None:
    if stored.data is None:
        raise BadInputError(f"{stored.name!r} was to be a constant")
    quantization = stored.quantization
    real = stored.data.astype(_FLOAT) if quantization is None else dequantize_constant(stored.data, quantization)
    graph.tensors[name] = replace(graph.tensors[name], dtype=_FLOAT, data=real, quantization=None)


def _fuse_activations(graph: Graph) -> bool:
    changed = False
    for operator in list(graph.operators):
        producer = _fusable_producer(graph, operator) if operator.kind in _FUSABLE else None
        if producer is None:
            continue
        options = {**producer.options, "fused_activation_function": _FUSABLE[operator.kind]}
        place = next(index for index, candidate in enumerate(graph.operators) if candidate is producer)
        graph.operators[place] = replace(producer, outputs=operator.outputs, options=options)
        graph.operators = [candidate for candidate in graph.operators if candidate is not operator]
        changed = True
    return changed


def _fusable_producer(graph: Graph, activation: Operator) -> Operator | None:
    """The operator before `activation`, if it can do the activation itself and nobody else reads its output."""
    name = activation.inputs[0]
    producer = next((operator for operator in graph.operators if name in operator.outputs), None)
    readers = sum(operator.inputs.count(name) for operator in graph.operators) + graph.outputs.count(str(name))
    if producer is None or readers != 1 or graph.tensors[activation.outputs[0]].dtype != _FLOAT:
        return None
    if producer.kind == "CONCATENATION":
        return None  # it has the option, and its kernel refuses it
    return producer if producer.options.get("fused_activation_function") == "NONE" else None


def _drop_unused(graph: Graph) -> bool:
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update((*operator.outputs, *operator.intermediates, *(name for name in operator.inputs if name)))
    kept = {name: tensor for name, tensor in graph.tensors.items() if name in used}
    changed = len(kept) < len(graph.tensors)
    graph.tensors = kept
    return changed


PREPARATION = (
    Pass("fix shapes", "every input has a fixed size, except its batch", "no shape is open", _fix_shapes),
    Pass("fold shapes", "no shape is open", "no fixed shape is computed", fold_shapes),
    Pass("restore constants", "-", "float operators read float32 constants", _restore_constants),
    Pass("fuse activations", "-", "no RELU stands alone where the operator before can do it", _fuse_activations),
    Pass("fold into what follows", "-", "no layer reads a constant step that it can do itself", fold_into_next),
    Pass("fold into what came before", "-", "no product follows a layer that can do it itself", fold_into_previous),
    Pass("average by mean", "no shape is open", "no AVERAGE_POOL_2D spans a whole picture", average_by_mean),
    Pass("mirror by slices", "no shape is open", "no MIRROR_PAD has a narrow border", mirror_by_slices),
    Pass("step by slices", "no shape is open", "no STRIDED_SLICE skips in whole blocks", step_by_slices),
    Pass("part twins", "-", "no product reads one TRANSPOSE twice", part_twins),
    Pass("drop what is unused", "-", "every tensor has an operator or is an input or output", _drop_unused),
)
"""The sequence, in order."""
