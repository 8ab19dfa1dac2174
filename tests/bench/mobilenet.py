"""A MobileNetV2 1.0 at 224 px in ONNX, built without torch: the published layers, seeded weights, batch norms folded.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2. Weights follow He's rule,
so that activations keep their size through the network. Nobody trained it: `taught` gives it a last layer that tells
pictures by the nearest mean of their features, so that its answers are as sure as a trained network's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIDE_PX = 224
CLASSES = 1000
OPSET = 17
IR_VERSION = 8
SEED = 20_240_501

BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Rows of table 2: expansion, channels, repeats, stride of the first."""

STEM, HEAD = 32, 1280

SURE_LOGIT = 20.0
"""How far the right class stands out, about."""

UNTAUGHT_LOGIT = -20.0
"""Of the classes that no picture taught."""

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class _Network:
    rng: np.random.Generator
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)
    last: str = "image"

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [*inputs], [name], name=name, **attributes))
        self.last = name
        return name

    def constant(self, values: Array) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def drawn(self, *shape: int) -> str:
        """He's normal for the number of inputs of one output."""
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        return self.constant((self.rng.standard_normal(shape) * deviation).astype(np.float32))

    def convolution(
        self, before: int, after: int, size: int, stride: int = 1, groups: int = 1, *, clips: bool = True
    ) -> None:
        weights = self.drawn(after, before // groups, size, size)
        bias = self.constant((self.rng.standard_normal(after) * 0.1).astype(np.float32))
        pads = [size // 2] * 4
        self.add(
            "Conv", self.last, weights, bias, kernel_shape=[size] * 2, strides=[stride] * 2, pads=pads, group=groups
        )
        if clips:
            self.add("Clip", self.last, "low", "high")

    def block(self, before: int, after: int, expansion: int, stride: int) -> None:
        entered, wide = self.last, before * expansion
        if expansion > 1:
            self.convolution(before, wide, 1)
        self.convolution(wide, wide, 3, stride, wide)
        self.convolution(wide, after, 1, clips=False)
        if stride == 1 and before == after:
            self.add("Add", entered, self.last)


def mobilenet_v2(head: tuple[Array, Array] | None = None, *, output: str = "logits") -> bytes:
    """The bytes of the ONNX file: `image` 1×3×224×224 float32 → `logits` 1×1000. The same bytes every time.

    Args:
        head: weights (1000×1280) and biases (1000) of the last layer; drawn where they are not given.
        output: `logits`, or `features` for the 1×1280 that the last layer reads.
    """
    network = _Network(np.random.default_rng(SEED))
    network.weights += [
        numpy_helper.from_array(np.float32(0), "low"),
        numpy_helper.from_array(np.float32(6), "high"),
    ]
    network.convolution(3, STEM, 3, 2)
    channels = STEM
    for expansion, after, repeats, first_stride in BLOCKS:
        for place in range(repeats):
            network.block(channels, after, expansion, first_stride if place == 0 else 1)
            channels = after
    network.convolution(channels, HEAD, 1)
    network.add("GlobalAveragePool", network.last)
    network.add("Flatten", network.last)
    if output == "logits":
        weights, bias = head or (None, np.zeros(CLASSES, np.float32))
        taken = network.drawn(CLASSES, HEAD) if weights is None else network.constant(weights)
        network.add("Gemm", network.last, taken, network.constant(bias), transB=1)
    network.nodes[-1].output[0] = output
    return _file(network, output)


def taught(pictures: Array) -> bytes:
    """The network whose class k is whatever looks most like picture k; at most 1,000 pictures, N×3×224×224 float32."""
    session = onnxruntime.InferenceSession(mobilenet_v2(output="features"), providers=["CPUExecutionProvider"])
    features = np.concatenate([session.run(None, {"image": picture[None]})[0] for picture in pictures])
    centred = features - features.mean(axis=0)
    weights, bias = np.zeros((CLASSES, HEAD), np.float32), np.full(CLASSES, UNTAUGHT_LOGIT, np.float32)
    # Nearest mean: |f − m|² is smallest where m·f − |m|²/2 is largest.
    scale = SURE_LOGIT / np.square(centred).sum(axis=1).mean()
    weights[: len(pictures)] = scale * centred
    bias[: len(pictures)] = -scale * (np.square(centred).sum(axis=1) / 2 + centred @ features.mean(axis=0))
    return mobilenet_v2((weights, bias))


def _file(network: _Network, output: str) -> bytes:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])
    shape = [1, CLASSES if output == "logits" else HEAD]
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
    graph = helper.make_graph(network.nodes, "mobilenet_v2", [image], [made], network.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
