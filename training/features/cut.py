"""Features from a classifier that the user has: cut it where it still sees small things, and read its numbers there.

The cut is the first tensor of the greatest width among those at stride 16 that carry the network's main line: sums,
concatenations, and convolutions that narrow what came before. Tensors inside an expansion are wide only for a moment
and are passed over. In MobileNetV2 that is the first 96-channel tensor. A network that ends in a map at stride 16, as
our own backbone does, is cut already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Graph, Operator, Tensor
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from training.features.feature_part import FeaturePart
from training.features.size_rule import SIDE_PX, InputSize
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

STRIDE = 16
FINE_STRIDE = 8
LAYER_STRIDES = (4, 8, 16, 32)
# A network without padding gives a few cells less: 299 px become 17 cells.
STRIDE_SLACK = 1 / 8
SQUEEZING = {"ADD", "CONCATENATION"}
QUANTISED = (np.dtype(np.uint8), np.dtype(np.int8))
WANTED = "wanted a quantised image classifier (.tflite, uint8 or int8, 1×H×W×3 input)"
NEXT = "give another file, or leave --backbone away for features that need none"


def cut_backbone(
    model: bytes,
    size: InputSize | None = None,
    *,
    name: str = "the backbone",
    stride: int = STRIDE,
    with_layers: bool = False,
) -> FeaturePart:
    """Cut a quantised classifier after one tensor and dequantise there.

    Args:
        model: the .tflite file's bytes.
        size: the input size to work at; None keeps the classifier's own.
        name: what messages call the file.
        stride: pixels per cell: 16 for the widest tensor there, 8 for the last one there, which has seen most.
        with_layers: keep what `layers` needs, too: the last tensor of the main line at strides 4, 8, 16 and 32, as far
            as the network has them.

    Raises:
        BadInputError: no TFLite file, no quantised image input, no tensor at the stride, or a network that refuses
            `size`.
    """
    graph = _read_classifier(model, name)
    cut = _cut_tensor(graph, stride, name)
    makers = _layer_makers(graph) if with_layers else []
    kept = operators_before(graph, {cut, *(one.outputs[0] for one in makers)})
    wanted = {used for one in kept for used in (*one.inputs, *one.outputs) if used is not None} | {graph.inputs[0]}
    tensors = {key: tensor for key, tensor in graph.tensors.items() if key in wanted}
    part = Graph(tensors, kept, [graph.inputs[0]], [cut], "backbone")
    _give_size(part, size or _own_size(graph), name)
    pen = Wiring(part, "backbone")
    part.outputs[:] = [pen.rename(pen.apply("DEQUANTIZE", [cut], pen.shape(cut)), "features")]
    # Asked for last: the pen has renamed a tensor of the file that was called as one of ours.
    return FeaturePart(part, "backbone", tuple(one.outputs[0] for one in makers))


def backbone_side_px(model: bytes, *, name: str = "the backbone") -> int:
    """The short side of the pictures that the classifier was made for.

    Raises:
        BadInputError: as `cut_backbone`.
    """
    size = _own_size(_read_classifier(model, name))
    return min(size.height_px, size.width_px)


def has_stride(model: bytes, stride: int, *, name: str = "the backbone") -> bool:
    """Whether the classifier has a tensor that can be cut at this stride.

    Raises:
        BadInputError: as `cut_backbone`.
    """
    return bool(_main_line(_read_classifier(model, name), stride))


def operators_before(graph: Graph, wanted: set[str]) -> list[Operator]:
    """The operators that the tensors `wanted` depend on, in run order."""
    needed, kept = set(wanted), []
    for operator in reversed(graph.operators):
        if needed & set(operator.outputs):
            needed.update(one for one in operator.inputs if one is not None)
            kept.append(operator)
    return kept[::-1]


def _read_classifier(model: bytes, name: str) -> Graph:
    try:
        graph = read_tflite(model)
    except BadInputError as error:
        raise BadInputError(f"{WANTED}, found in {name}: {error}") from error
    if len(graph.inputs) != 1:
        raise BadInputError(f"{WANTED}, found {len(graph.inputs)} inputs in {name}; {NEXT}")
    image = graph.tensors[graph.inputs[0]]
    if len(image.shape) != 4 or image.shape[3] != 3 or image.dtype not in QUANTISED:  # noqa: PLR2004 - N×H×W×3
        shape = "×".join(str(side) for side in image.shape)
        raise BadInputError(f"{WANTED}, found an input of {shape} {image.dtype} in {name}; {NEXT}")
    return graph


def _own_size(graph: Graph) -> InputSize:
    _, height, width, _ = graph.tensors[graph.inputs[0]].shape
    return InputSize(height, width) if height > 0 and width > 0 else InputSize(SIDE_PX, SIDE_PX)


def _cut_tensor(graph: Graph, stride: int, name: str) -> str:
    if len(graph.outputs) == 1 and _is_at_stride(graph, graph.tensors[graph.outputs[0]], stride):
        return graph.outputs[0]
    candidates = _main_line(graph, stride)
    if not candidates:
        raise BadInputError(f"{WANTED}, found no quantised tensor at stride {stride} in {name}; {NEXT}")
    if stride != STRIDE:
        return candidates[-1].outputs[0]
    # `max` keeps the first of equals.
    return max(candidates, key=lambda one: graph.tensors[one.outputs[0]].shape[3]).outputs[0]


def _layer_makers(graph: Graph) -> list[Operator]:
    """The last of the main line at each stride: what the network made of the picture before it coarsens."""
    lines = (_main_line(graph, stride) for stride in LAYER_STRIDES)
    return [line[-1] for line in lines if line]


def _main_line(graph: Graph, stride: int) -> list[Operator]:
    """What makes the tensors that carry the network's main line at this stride, in run order."""
    at_stride = [one for one in graph.operators if _is_at_stride(graph, graph.tensors[one.outputs[0]], stride)]
    main_line = [one for one in at_stride if _narrows(graph, one)]
    return main_line or [one for one in at_stride if one.kind == "CONV_2D"]


def _is_at_stride(graph: Graph, tensor: Tensor, wanted: int) -> bool:
    if len(tensor.shape) != 4 or tensor.dtype not in QUANTISED or tensor.shape[1] < 2:  # noqa: PLR2004 - a map
        return False
    stride = graph.tensors[graph.inputs[0]].shape[1] / tensor.shape[1]
    return abs(stride - wanted) < STRIDE_SLACK * wanted


def _narrows(graph: Graph, operator: Operator) -> bool:
    if operator.kind in SQUEEZING:
        return True
    if operator.kind != "CONV_2D" or operator.inputs[0] is None:
        return False
    return graph.tensors[operator.outputs[0]].shape[3] < graph.tensors[operator.inputs[0]].shape[3]


def _give_size(graph: Graph, size: InputSize, name: str) -> None:
    """Set every shape for an input of `size`; LiteRT itself infers them, as it will on the board."""
    image = graph.tensors[graph.inputs[0]]
    wanted = (1, size.height_px, size.width_px, 3)
    if image.shape == wanted:
        return
    for key, shape in _inferred_shapes(graph, wanted, name).items():
        if key in graph.tensors and graph.tensors[key].data is None:
            graph.tensors[key].shape = shape


def _inferred_shapes(graph: Graph, wanted: Sequence[int], name: str) -> dict[str, tuple[int, ...]]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: PLC0415 - as in training.features.feature_part

    # Under a delegate the tensors between two operators keep their old shapes.
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = Interpreter(model_content=write_tflite(graph), num_threads=1, experimental_op_resolver_type=plain)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], list(wanted))
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        size = f"{wanted[1]}×{wanted[2]}"
        raise BadInputError(
            f"wanted a classifier that takes pictures of {size}, found that {name} does not ({error}); {NEXT}"
        ) from error
    return {one["name"]: tuple(int(side) for side in one["shape"]) for one in interpreter.get_tensor_details()}
