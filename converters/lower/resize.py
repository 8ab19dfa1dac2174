"""Resize and Upsample: TFLite's own where it means the same, else a gather or a product with the very weights.

ONNX has four coordinate transformations, four roundings and three interpolations. Instead of reproducing them, the
weights of every output position are asked of ONNX Runtime, one axis at a time, by resizing a unit matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.lower.layout import channel_last, plain, with_last
from converters.lower.matrix import fully_connected
from converters.lower.model_file import import_onnx
from converters.lower.shape import gather
from converters.lower.source import import_runtime, session

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.writing import Writing

    Weights = npt.NDArray[np.float32]

SAME_WEIGHT = 1e-5
_PICTURE_RANK = 4
_OPTIONS: tuple[dict[str, bool], ...] = ({}, {"half_pixel_centers": True}, {"align_corners": True})
_DEFAULTS = {"align_corners": False, "half_pixel_centers": False}


def lower_resize(w: Writing, node: Node) -> None:
    """RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR, or what computes the same."""
    before, after = w.shape(node.inputs[0]), w.shape(node.outputs[0])
    if node.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise node.refuse("it crops a region while resizing", "cut with a Slice, then resize")
    changed = [axis for axis, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    weights = {axis: _weights(w, node, axis) for axis in changed}
    built_in = _built_in(weights, before) if len(before) == _PICTURE_RANK and set(changed) <= {2, 3} else None
    if built_in is not None:
        layout = channel_last(_PICTURE_RANK)
        kind, options = built_in
        x = w.read(node.inputs[0], layout)
        shape = (after[0], after[2], after[3], after[1])
        result = w.emit(kind, [x, w.add_integers(after[2:])], shape, **(_DEFAULTS | options))
        w.give(node.outputs[0], result, layout)
        return
    layout = w.layout(node.inputs[0])
    x = w.read(node.inputs[0], layout)
    for axis, matrix in weights.items():
        x, layout = _along(w, x, layout, axis, matrix)
    w.give(node.outputs[0], x, layout)


def _along(w: Writing, x: str, layout: tuple[int, ...], axis: int, matrix: Weights) -> tuple[str, tuple[int, ...]]:
    """One axis: a gather where every weight is 0 or 1, else a fully connected layer along it."""
    if _is_selection(matrix):
        return gather(w, x, matrix.argmax(axis=1), layout.index(axis)), layout
    last = with_last(layout, axis)
    moved = w.transpose(x, tuple(layout.index(held) for held in last))
    return fully_connected(w, moved, matrix), last


def _is_selection(matrix: Weights) -> bool:
    return bool(np.isin(matrix, (0, 1)).all() and (matrix.sum(axis=1) == 1).all())


def _built_in(weights: dict[int, Weights], shape: tuple[int, ...]) -> tuple[str, dict[str, bool]] | None:
    for kind, rule in (("RESIZE_NEAREST_NEIGHBOR", nearest_weights), ("RESIZE_BILINEAR", linear_weights)):
        for options in _OPTIONS:
            if all(
                np.allclose(rule(shape[axis], len(m), **options), m, atol=SAME_WEIGHT) for axis, m in weights.items()
            ):
                return kind, dict(options)
    return None


def linear_weights(
    given: int, wanted: int, *, half_pixel_centers: bool = False, align_corners: bool = False
) -> npt.NDArray[np.float64]:
    """RESIZE_BILINEAR's weights, outputs × inputs (tensorflow/lite/kernels/internal/reference/resize_bilinear.h)."""
    positions = _positions(given, wanted, half=half_pixel_centers, corners=align_corners, shift=-0.5)
    low = np.maximum(np.floor(positions), 0).astype(int)
    high = np.minimum(np.ceil(positions), given - 1).astype(int)
    share = positions - low
    matrix = np.zeros((wanted, given))
    np.add.at(matrix, (np.arange(wanted), low), 1 - share)
    np.add.at(matrix, (np.arange(wanted), high), share)
    return matrix


def nearest_weights(
    given: int, wanted: int, *, half_pixel_centers: bool = False, align_corners: bool = False
) -> npt.NDArray[np.float64]:
    """RESIZE_NEAREST_NEIGHBOR's weights, outputs × inputs (…/internal/reference/resize_nearest_neighbor.h)."""
    positions = _positions(given, wanted, half=half_pixel_centers, corners=align_corners, shift=0.0)
    rounded = np.floor(positions + 0.5) if align_corners else np.floor(positions)
    matrix: npt.NDArray[np.float64] = np.eye(given)[np.clip(rounded, 0, given - 1).astype(int)]
    return matrix


def _positions(given: int, wanted: int, *, half: bool, corners: bool, shift: float) -> npt.NDArray[np.float64]:
    scale = (given - 1) / (wanted - 1) if corners and wanted > 1 else given / wanted
    places = np.arange(wanted, dtype=np.float64)
    return (places + 0.5) * scale + shift if half else places * scale


def _weights(w: Writing, node: Node, axis: int) -> Weights:
    """What ONNX Runtime makes of a unit matrix, resized along its first axis as the node resizes `axis`."""
    onnx = import_onnx()
    given, wanted = w.shape(node.inputs[0])[axis], w.shape(node.outputs[0])[axis]
    attributes = {k: v for k, v in node.attributes.items() if k not in {"axes", "keep_aspect_ratio_policy", "scales"}}
    scale = _scale(w, node, axis)
    constants = [onnx.numpy_helper.from_array(np.zeros(0, np.float32), "none")]
    if node.kind == "Upsample" or node.opset < 11:  # noqa: PLR2004 - then the second input is the scales
        names = ["x", "scales"]
    else:
        names = ["x", "none", "scales"] if scale else ["x", "none", "none", "sizes"]
    factors = np.array([scale or wanted / given, 1], np.float32)
    constants.append(onnx.numpy_helper.from_array(factors, "scales"))
    constants.append(onnx.numpy_helper.from_array(np.array([wanted, given], np.int64), "sizes"))
    if node.kind == "Upsample" and node.opset < 9:  # noqa: PLR2004 - then the scales are an attribute
        names, attributes["scales"] = ["x"], factors.tolist()
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(node.kind, names, ["y"], **attributes)],
        "resize",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [given, given])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [constant for constant in constants if constant.name in names],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", node.opset)], ir_version=8)
    found = session(import_runtime(), model.SerializeToString()).run(None, {"x": np.eye(given, dtype=np.float32)})
    matrix: Weights = found[0]
    if matrix.shape != (wanted, given):
        raise node.refuse(f"its axis {axis} cannot be resized alone", "give sizes instead of scales")
    return matrix


def _scale(w: Writing, node: Node, axis: int) -> float | None:
    """The factor for one axis, None where the node gives sizes."""
    rank = len(w.shape(node.inputs[0]))
    slot = 1 if node.kind == "Upsample" or node.opset < 11 else 2  # noqa: PLR2004 - as above
    stored = w.constant(node.input(slot))
    found = node.attributes.get("scales") if stored is None else stored
    if found is None or not len(found):
        return None
    axes = [int(held) % rank for held in node.attributes.get("axes") or plain(rank)]
    return float(found[axes.index(axis)])
