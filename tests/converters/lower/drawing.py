"""A pen for drawing ONNX networks node by node, with seeded weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from tests.converters.lower.onnx_models import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

    Array = np.ndarray[Any, Any]


@dataclass
class Pen:
    """Adds nodes; each method takes and gives value names. `x` is the input, what `done` is told the output."""

    shape: Sequence[int]
    opset: int = 17
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(11))

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [f"v{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(values)
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def weights(self, *shape: int) -> str:
        spread = np.sqrt(2 / max(np.prod(shape[1:]), 1))
        return self.constant((self.rng.standard_normal(shape) * spread).astype(np.float32))

    def conv(self, x: str, taken: int, given: int, kernel: Sequence[int] = (3, 3), **attributes: Any) -> str:
        attributes.setdefault("pads", [size // 2 for size in kernel] * 2)
        groups = attributes.get("group", 1)
        weights = self.weights(given, taken // groups, *kernel)
        return str(self.node("Conv", x, weights, self.weights(given), **attributes))

    def normalized(self, x: str, channels: int) -> str:
        statistics = [self.constant(self.rng.uniform(0.5, 1.5, channels).astype(np.float32)) for _ in range(4)]
        return str(self.node("BatchNormalization", x, *statistics))

    def dense(self, x: str, taken: int, given: int) -> str:
        product = self.node("MatMul", x, self.constant(self.rng.standard_normal((taken, given)).astype(np.float32) / 4))
        return str(self.node("Add", self.weights(given), product))

    def reshape(self, x: str, *shape: int) -> str:
        return str(self.node("Reshape", x, self.integers(*shape)))

    def done(self, *outputs: str) -> bytes:
        return drawn(self.nodes, self.shape, self.constants, opset=self.opset, outputs=outputs)
