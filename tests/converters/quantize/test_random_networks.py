"""Networks that nobody designed: whatever the wiring, the int8 file loads, runs, and answers like the float one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.graph import Graph, Operator, Tensor
from converters.quantize import quantize
from converters.quantize.recipe import Recipe

pytestmark = pytest.mark.usefixtures("warm_children")

SHAPE = (1, 6, 6, 4)
WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "NONE"}
POOL = {**WINDOW, "filter_height": 2, "filter_width": 2}
STEPS = (
    "conv",
    "depthwise",
    "add",
    "gate",
    "join",
    "max",
    "average",
    "tanh",
    "leaky",
    "island",
    "shuffle",
    "twins",
    "up",
    "offset",
    "divide",
)

LEAST_DB = 10.0
"""Up to eight roundings in a row, some of them through a pole of a derivative: a wrong scale gives 0 or less."""


class Weaver:
    """Appends steps to a graph; every value has one shape, so that any may follow any."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.graph = Graph({"in": Tensor("in", SHAPE, np.dtype("f4"))}, [], ["in"], [])
        self.values = ["in"]
        self.vectors: list[str] = []

    def constant(self, values: Any, dtype: str = "f4") -> str:
        name = f"constant{len(self.graph.tensors)}"
        data = np.asarray(values, dtype)
        self.graph.tensors[name] = Tensor(name, data.shape, data.dtype, data)
        return name

    def vector(self) -> str:
        """A number per channel, positive; often one that another operator reads as well."""
        if not self.vectors or self.random.integers(2):
            self.vectors.append(self.constant(self.random.uniform(0.5, 1.5, SHAPE[3])))
        return str(self.random.choice(self.vectors))

    def apply(self, kind: str, inputs: list[str | None], shape: tuple[int, ...] = SHAPE, **options: Any) -> str:
        name = f"{kind.lower()}{len(self.graph.tensors)}"
        self.graph.tensors[name] = Tensor(name, shape, np.dtype("f4"))
        self.graph.operators.append(Operator(kind, inputs, [name], options))
        return name

    def convolve(self, value: str, width: int = 4) -> str:
        weights = self.random.normal(0, 1 / np.sqrt(9 * width), (4, 3, 3, width))
        return self.apply("CONV_2D", [value, self.constant(weights), self.vector()], **WINDOW)

    def step(self, name: str) -> None:
        last, other = self.values[-1], self.values[int(self.random.integers(len(self.values)))]
        self.values.append(getattr(self, f"_{name}")(last, other))

    def _conv(self, last: str, _other: str) -> str:
        return self.convolve(last)

    def _depthwise(self, last: str, _other: str) -> str:
        weights = self.random.normal(0, 0.3, (1, 3, 3, 4))
        inputs: list[str | None] = [last, self.constant(weights), self.vector()]
        return self.apply("DEPTHWISE_CONV_2D", inputs, depth_multiplier=1, **WINDOW)

    def _add(self, last: str, other: str) -> str:
        return self.apply("ADD", [last, other])

    def _gate(self, last: str, other: str) -> str:
        return self.apply("MUL", [self.apply("LOGISTIC", [last]), other])

    def _join(self, last: str, other: str) -> str:
        share = self.apply("LOGISTIC", [other])
        return self.convolve(self.apply("CONCATENATION", [last, share], (*SHAPE[:3], 8), axis=3), 8)

    def _max(self, last: str, _other: str) -> str:
        return self.apply("MAX_POOL_2D", [last], **POOL)

    def _average(self, last: str, _other: str) -> str:
        return self.apply("AVERAGE_POOL_2D", [last], **POOL)

    def _tanh(self, last: str, _other: str) -> str:
        return self.apply("TANH", [last])

    def _leaky(self, last: str, _other: str) -> str:
        return self.apply("LEAKY_RELU", [last], alpha=0.1)

    def _island(self, last: str, _other: str) -> str:
        return self.apply("SIN", [last])

    def _shuffle(self, last: str, _other: str) -> str:
        order, shape = self.constant([0, 2, 1, 3], "i4"), self.constant(SHAPE, "i4")
        return self.apply("RESHAPE", [self.apply("TRANSPOSE", [last, order]), shape], new_shape=SHAPE)

    def _up(self, last: str, _other: str) -> str:
        larger = (1, 12, 12, 4)
        weights = self.constant(self.random.normal(0.2, 0.3, (4, 2, 2, 4)))
        slots: list[str | None] = [self.constant(larger, "i4"), weights, last, self.constant(np.zeros(4))]
        up = self.apply("TRANSPOSE_CONV", slots, larger, stride_h=2, stride_w=2, padding="SAME")
        return self.apply("MAX_POOL_2D", [up], **{**POOL, "stride_h": 2, "stride_w": 2})

    def _offset(self, last: str, _other: str) -> str:
        return self.apply("ADD", [last, self.vector()])

    def _divide(self, last: str, _other: str) -> str:
        return self.apply("DIV", [last, self.vector()])

    def _twins(self, last: str, other: str) -> str:
        return self.apply("MAXIMUM", [last, other])


ALL_REMEDIES = Recipe(
    ranges=("entropy",), remedies=(), equalise=True, measured_bias=True, rounding="second-order", symmetric=True
)


def woven(steps: list[str], seed: int) -> tuple[Graph, list[np.ndarray[Any, Any]]]:
    weaver = Weaver(seed)
    for name in ("conv", *steps):
        weaver.step(name)
    weaver.graph.outputs = [weaver.values[-1]]
    if weaver.random.integers(2):
        weaver.graph.outputs.append(str(weaver.random.choice(weaver.values[:-1])))
    return weaver.graph, [weaver.random.uniform(-1, 1, SHAPE).astype(np.float32) for _ in range(24)]


@pytest.mark.parametrize("islands", [False, True], ids=["integer", "islands"])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8), seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_any_network_survives_quantisation(steps: list[str], seed: int, *, islands: bool) -> None:
    made = quantize(*woven(steps, seed), Recipe(ranges=("min-max",), remedies=(), float_islands=islands))
    assert made.best.xnnpack_db > LEAST_DB
    assert made.best.reference_db > LEAST_DB
    assert islands or set(made.float_operators) <= {"SIN", "DIV"}


@pytest.mark.parametrize("recipe", [ALL_REMEDIES, replace(ALL_REMEDIES, activations="int16")], ids=["int8", "int16"])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8), seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_any_network_survives_every_remedy_at_once(recipe: Recipe, steps: list[str], seed: int) -> None:
    made = quantize(*woven(steps, seed), recipe)
    assert made.best.xnnpack_db > LEAST_DB
    assert made.best.reference_db > LEAST_DB
