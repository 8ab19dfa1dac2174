"""Layers to a file: the float graph of a trained student, and the int8 TFLite that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Graph, Tensor
from converters.quantize import CAMERA_SIGNED, Recipe, quantize
from training.backbone.drawing import drawn_picture
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from training.backbone.student import Layer

SIDE_PX = 224
CALIBRATION_PICTURES = 64
UNSEEN = 1 << 40
"""Numbers of drawn pictures from which on nobody learns."""
CENTRE, SPREAD = np.float32(127), np.float32(127.5)
"""A byte's meaning: (byte - 127) / 127.5, so that the camera's bytes go in as they are (less 128)."""


def float_graph(layers: Iterable[Layer]) -> Graph:
    """The network for 224×224 pictures: input `image` 1×224×224×3 float32 real values, output `features`."""
    shape = (1, SIDE_PX, SIDE_PX, 3)
    graph = Graph({"image": Tensor("image", shape, np.dtype(np.float32))}, [], ["image"], [], "backbone")
    pen = Wiring(graph, "backbone")
    values, beside = "image", ""
    for layer in layers:
        beside = values if layer.residual == "begin" else beside
        values = pen.convolve(values, layer.weights, layer.bias, stride=layer.stride)
        if layer.residual == "end":
            values = pen.pointwise("ADD", beside, values)
        if layer.has_relu6:
            graph.operators[-1].options["fused_activation_function"] = "RELU6"
    graph.outputs.append(pen.rename(values, "features"))
    return graph


def int8_file(layers: Iterable[Layer], seed: int) -> bytes:
    """The same as an int8 TFLite file, calibrated on drawn pictures that nobody learned from."""
    drawn = (drawn_picture(seed, UNSEEN + number, SIDE_PX) for number in range(CALIBRATION_PICTURES))
    samples = [real_picture(one) for one in drawn]
    return quantize(float_graph(layers), samples, Recipe(input=CAMERA_SIGNED, float_islands=False)).content


def real_picture(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """S×S×3 bytes as the network's 1×S×S×3 real input."""
    return np.asarray((pixels[None].astype(np.float32) - CENTRE) / SPREAD, np.float32)
