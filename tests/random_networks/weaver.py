"""TFLite graphs that nobody designed: any step may follow any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.converters.quantize.test_random_networks import SHAPE, STEPS, WINDOW, Weaver

if TYPE_CHECKING:
    from converters.graph import Graph

MOST_STEPS = 9
HALF = (1, 3, 3, 4)
FLAT = (1, 36, 4)


class WideWeaver(Weaver):
    """Every operator with a rule, in the places where networks have it."""

    def _enlarge(self, last: str, _other: str) -> str:
        weights = self.constant(self.random.normal(0, 0.3, (4, 2, 2, 4)))
        pooled = self.apply(
            "MAX_POOL_2D", [last], HALF, **{**WINDOW, "stride_h": 2, "stride_w": 2}, filter_height=2, filter_width=2
        )
        inputs: list[str | None] = [self.constant(SHAPE, "i4"), weights, pooled, self.constant(np.full(4, 0.1))]
        return self.apply("TRANSPOSE_CONV", inputs, **{**WINDOW, "stride_h": 2, "stride_w": 2})

    def _resize(self, last: str, _other: str) -> str:
        kind = ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")[int(self.random.integers(2))]
        cut = self.apply(
            "STRIDED_SLICE", [last, *(self.constant(v, "i4") for v in ([0] * 4, [1, 6, 6, 4], [1, 2, 2, 1]))], HALF
        )
        return self.apply(kind, [cut, self.constant([6, 6], "i4")], half_pixel_centers=True)

    def _attend(self, last: str, other: str) -> str:
        keys, queries = (
            self.apply("RESHAPE", [v, self.constant(FLAT, "i4")], FLAT, new_shape=FLAT) for v in (last, other)
        )
        scores = self.apply("BATCH_MATMUL", [keys, queries], (1, 36, 36), adj_y=True)
        shares = self.apply("SOFTMAX", [scores], (1, 36, 36), beta=1.0)
        mixed = self.apply("BATCH_MATMUL", [shares, keys], FLAT)
        return self.apply("RESHAPE", [mixed, self.constant(SHAPE, "i4")], new_shape=SHAPE)

    def _squeeze(self, last: str, other: str) -> str:
        mean = self.apply("MEAN", [last, self.constant([1, 2], "i4")], (1, 4))
        inputs: list[str | None] = [mean, self.constant(self.random.normal(0, 0.5, (4, 4))), self.constant(np.zeros(4))]
        dense = self.apply("FULLY_CONNECTED", inputs, (1, 4))
        gate = self.apply(
            "RESHAPE",
            [self.apply("LOGISTIC", [dense], (1, 4)), self.constant([1, 1, 1, 4], "i4")],
            (1, 1, 1, 4),
            new_shape=(1, 1, 1, 4),
        )
        return self.apply("MUL", [other, gate])

    def _split(self, last: str, _other: str) -> str:
        halves = [f"half{len(self.graph.tensors)}_{place}" for place in (0, 1)]
        first = self.apply("SPLIT", [self.constant(3, "i4"), last], (1, 6, 6, 2), num_splits=2)
        self.graph.tensors[halves[1]] = type(self.graph.tensors[first])(halves[1], (1, 6, 6, 2), np.dtype("f4"))
        self.graph.operators[-1].outputs.append(halves[1])
        return self.apply("CONCATENATION", [halves[1], first], axis=3)

    def _frame(self, last: str, _other: str) -> str:
        padded = self.apply("PAD", [last, self.constant([[0, 0], [1, 1], [1, 1], [0, 0]], "i4")], (1, 8, 8, 4))
        return self.apply("SLICE", [padded, self.constant([0, 1, 2, 0], "i4"), self.constant(SHAPE, "i4")])

    def _curve(self, last: str, _other: str) -> str:
        return self.apply(("HARD_SWISH", "GELU", "ABS", "RELU6", "ELU", "EXP")[int(self.random.integers(6))], [last])

    def _slope(self, last: str, _other: str) -> str:
        return self.apply("PRELU", [last, self.constant(self.random.uniform(0, 0.5, (1, 1, 4)))])

    def _less(self, last: str, other: str) -> str:
        return self.apply(("SUB", "MINIMUM", "SQUARED_DIFFERENCE")[int(self.random.integers(3))], [last, other])

    def _norm(self, last: str, _other: str) -> str:
        return self.apply("L2_NORMALIZATION", [last])

    def _blocks(self, last: str, _other: str) -> str:
        deep = self.apply("SPACE_TO_DEPTH", [last], (1, 3, 3, 16), block_size=2)
        return self.apply("DEPTH_TO_SPACE", [deep], block_size=2)


WIDE_STEPS = (
    *STEPS,
    "enlarge",
    "resize",
    "attend",
    "squeeze",
    "split",
    "frame",
    "curve",
    "slope",
    "less",
    "norm",
    "blocks",
)


def woven(seed: int) -> Graph:
    """The graph of a seed, with one to three outputs."""
    weaver = WideWeaver(seed)
    for name in ("conv", *weaver.random.choice(WIDE_STEPS, int(weaver.random.integers(1, MOST_STEPS)))):
        weaver.step(str(name))
    others = weaver.random.choice(weaver.values[1:], int(weaver.random.integers(0, 3)))
    weaver.graph.outputs = list(dict.fromkeys([weaver.values[-1], *map(str, others)]))
    return weaver.graph
