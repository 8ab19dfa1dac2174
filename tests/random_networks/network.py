"""One random network, from its number: the graph, its inputs, and how it is to be quantised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.lowering import lower_model
from converters.quantize.operator_rules import INT4_KINDS, RULES
from converters.quantize.precision import becomes_integer, matches
from converters.quantize.recipe import CAMERA_SIGNED, Recipe
from tests.converters.lower.test_random_networks import drawing
from tests.random_networks.weaver import woven

if TYPE_CHECKING:
    from converters.graph import Graph

SAMPLES = 12

MULTIPLY = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")

OPTIONS: dict[str, tuple[Any, ...]] = {
    "ranges": (("mse",), ("min-max",), ("p99.99",), ("entropy",)),
    "per_channel": (MULTIPLY, MULTIPLY, (), (*MULTIPLY, "FULLY_CONNECTED")),
    "activations": ("int8", "int8", "int8", "int16"),
    "symmetric": (False, False, True),
    "int4": ((), (), (), (), ("CONV_2D",), ("*",)),
    "bias_correction": (True, False),
    "measured_bias": (False, False, True),
    "rounding": ("nearest", "nearest", "second-order"),
    "equalise": (False, False, True),
    "keep_float": (None, None, None, ("CONCATENATION", "MUL"), ("*1*",)),
    "input": (None, None, CAMERA_SIGNED),
    "float_islands": (True, False),
    "float_outputs": (False, True),
    "float16_constants": (True, False),
}
"""What each field of a recipe may be; the usual choice stands there more than once."""


@dataclass(frozen=True)
class Network:
    """A graph of either generator, the inputs that calibrate and judge it, and the recipe."""

    number: int
    origin: str
    graph: Graph
    samples: list[np.ndarray[Any, Any]]
    recipe: Recipe

    def __str__(self) -> str:
        usual = Recipe()
        chosen = {name: getattr(self.recipe, name) for name in OPTIONS}
        said = ", ".join(f"{name}={value!r}" for name, value in chosen.items() if value != getattr(usual, name))
        return f"network {self.number} ({self.origin}: {' '.join(o.kind for o in self.graph.operators)}; {said})"


def network(number: int) -> Network:
    """The network of a number; even ones are woven, odd ones lowered from ONNX."""
    draw = Random(f"network {number}")
    graph = lower_model(drawing(number).content()).graph if number % 2 else woven(number)
    shape = graph.tensors[graph.inputs[0]].shape
    rng = np.random.default_rng(number)
    samples = [rng.uniform(-1, 1, shape).astype(np.float32) for _ in range(SAMPLES)]
    return Network(number, "onnx" if number % 2 else "woven", graph, samples, _fitting(graph, recipe(draw)))


def _fitting(graph: Graph, drawn: Recipe) -> Recipe:
    """Without int4 weights where the network has no operator for them: such a recipe is refused, in words."""
    able = (op for op in graph.operators if op.kind in INT4_KINDS and matches(op, drawn.int4))
    fits = any(becomes_integer(graph, op, drawn.keep_float or (), RULES) for op in able)
    return drawn if fits else replace(drawn, int4=())


def recipe(draw: Random) -> Recipe:
    """Any recipe without a search, so that what is asked for is what is made."""
    chosen = {name: draw.choice(values) for name, values in OPTIONS.items()}
    if chosen["activations"] == "int16":
        chosen["int4"] = ()  # a recipe refuses both
    if chosen["activations"] == "int16" or chosen["symmetric"]:
        chosen["input"] = None
    return Recipe(**chosen, remedies=())
