"""One kernel of TensorFlow Lite Micro in one element type: whether it answers, and what LiteRT answers with the values.

What is quantised is compared with the float network of the same real values, everything else with the same network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.quantize.operator_rules import INT16_RULES, RULES, Scales
from converters.tflite import write_tflite
from tests.fakes.micro_runtime import MicroRun, Refused
from tests.fakes.operator_cases import CASES, IMAGE, POOL, Case, ints

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

TYPES = ("int8", "int16", "int32", "int64", "float32", "bool")
MOST_STEPS = {"int8": 1.0, "int16": 8.0}
"""How far a quantised answer may lie from the float one, in its own steps: int16 kernels look values up in tables."""

_PICKED = np.random.default_rng(3).integers(0, 2, IMAGE).astype(bool)
_LAST, _COUNT = np.array(3, np.int32), {"output_type": "INT32"}
MICRO_CASES: list[Case] = [
    *CASES,
    *((kind, [IMAGE], [IMAGE], {}) for kind in ("RELU", "RELU6", "ELU", "EXP", "ZEROS_LIKE", "RSQRT", "LOGICAL_NOT")),
    *((kind, [IMAGE], [IMAGE], {}) for kind in ("CEIL", "COS", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT")),
    *((kind, [IMAGE, IMAGE], [IMAGE], {}) for kind in ("DIV", "FLOOR_DIV", "FLOOR_MOD", "ADD_N", "LOGICAL_AND")),
    *((kind, [IMAGE, IMAGE], [IMAGE], {}) for kind in ("LOGICAL_OR", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL")),
    *((kind, [IMAGE, IMAGE], [IMAGE], {}) for kind in ("GREATER", "GREATER_EQUAL")),
    *((kind, [IMAGE, _LAST], [(1, 8, 8)], _COUNT) for kind in ("ARG_MAX", "ARG_MIN")),
    *((kind, [IMAGE, ints(1, 2)], [(1, 4)], {"keep_dims": False}) for kind in ("SUM", "REDUCE_MAX")),
    ("SQUARE", [IMAGE], [IMAGE], {}),
    ("L2_POOL_2D", [IMAGE], [(1, 4, 4, 4)], POOL),
    ("BROADCAST_TO", [(1, 8, 8, 1), ints(*IMAGE)], [IMAGE], {}),
    ("SPLIT_V", [IMAGE, ints(1, 3), _LAST], [(1, 8, 8, 1), (1, 8, 8, 3)], {"num_splits": 2}),
    ("UNPACK", [(2, 8, 4)], [(8, 4), (8, 4)], {"num": 2, "axis": 0}),
    ("GATHER_ND", [(4, 8), ints([0], [2])], [(2, 8)], {}),
    ("SELECT_V2", [_PICKED, IMAGE, IMAGE], [IMAGE], {}),
    ("SHAPE", [IMAGE], [(4,)], {"out_type": "INT32"}),
    ("FILL", [ints(2, 3), ()], [(2, 3)], {}),
    ("CUMSUM", [IMAGE, _LAST], [IMAGE], {}),
]
"""Every kind that a network of one operator and one element type can show."""

_COMPARING = frozenset({"EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"})
COUNTING = {"ARG_MAX": "output_type", "ARG_MIN": "output_type", "SHAPE": "out_type"}
"""Kinds whose answer has a type of its own, and the option that names it."""

_POSITIVE = frozenset({"RSQRT", "LOG", "SQRT", "DIV", "FLOOR_DIV", "FLOOR_MOD"})
_SAME_SCALE = {kind for kind, rule in RULES.items() if rule.scales is Scales.SAME} | {
    "ADD_N", "BROADCAST_TO", "FILL", "GATHER_ND", "L2_POOL_2D", "REDUCE_MAX", "SELECT_V2", "SPLIT_V", "UNPACK",
}  # fmt: skip
_WIDTH = 3.8
"""The greatest real value that an input can hold where it is quantised."""

_ROUNDING = 1e-4
"""How far float answers may lie apart; integers never do."""

FRESH_BYTES = 1 << 26
"""So large an arena comes from the system, all zeros: some kernels read what they never set, and answer by luck."""


def answers_rightly(case: Case, dtype: str) -> bool:
    """Whether the runtime takes a network of this operator in this type, and answers as LiteRT does."""
    try:
        content, feeds, expected = network_of(case, dtype)
        answers = MicroRun(content, FRESH_BYTES).answer(*feeds)
    except (Refused, RuntimeError, ValueError):  # the last two: LiteRT has no such kernel to compare with
        return False
    pairs = zip(answers, expected, strict=True)
    return all(np.abs(one.astype(np.float64) - other).max() <= most for one, (other, most) in pairs)


def network_of(case: Case, dtype: str) -> tuple[bytes, list[Array], list[tuple[Array, float]]]:
    """A file whose activations have this type, its inputs, and each answer as stored with how far it may lie off.

    Raises:
        RuntimeError, ValueError: LiteRT cannot tell the answers.
    """
    graph, random = graph_of(case, dtype), np.random.default_rng(1)
    feeds = [_drawn(random, graph.tensors[name], case[0]) for name in graph.inputs]
    reference = _in_float(graph, dtype) if dtype in MOST_STEPS else graph
    real = [_real(graph.tensors[name], feed) for name, feed in zip(graph.inputs, feeds, strict=True)]
    expected = []
    for name, answer in zip(graph.outputs, _litert(write_tflite(reference), real), strict=True):
        tensor = graph.tensors[name]
        if tensor.dtype.name == dtype:
            tensor.quantization = _scale_of_answer(case[0], dtype, answer)
        most = _ROUNDING if tensor.quantization is None else MOST_STEPS[dtype]
        expected.append((_stored(tensor, answer), most))
    return write_tflite(graph), feeds, expected


def graph_of(case: Case, dtype: str) -> Graph:
    """The network of one operator, its activations in this type; what it answers has no scale yet."""
    kind, slots, outputs, options = case
    names = [f"{'c' if isinstance(slot, np.ndarray) else 'in'}{place}" for place, slot in enumerate(slots)]
    flowing = [name for name in names if name.startswith("in")]
    tensors: dict[str, Tensor] = {}
    for name, slot in zip(names, slots, strict=True):
        if name in flowing:
            wider = 1.0 if kind in _SAME_SCALE or name == flowing[0] else 1.7
            tensors[name] = Tensor(name, slot, np.dtype(dtype), None, _scale(dtype, _WIDTH * wider))
        else:
            tensors[name] = _constant(name, slot, kind, dtype, [*tensors.values()])
    ends = [f"out{place}" for place in range(len(outputs))]
    for name, shape in zip(ends, outputs, strict=True):
        tensors[name] = Tensor(name, shape, np.dtype(_answer_type(kind, options, dtype)))
    return Graph(tensors, [Operator(kind, list(names), ends, options)], flowing, ends)


def _answer_type(kind: str, options: dict[str, Any], dtype: str) -> str:
    if kind in COUNTING:
        return str(options[COUNTING[kind]]).lower()
    return "bool" if kind in _COMPARING else dtype


def _constant(name: str, values: Array, kind: str, dtype: str, before: Sequence[Tensor]) -> Tensor:
    """A stored input: indices as they are, weights and biases as kernels want them, other values like activations."""
    if values.dtype != np.float32 or dtype == "float32":
        return Tensor(name, values.shape, values.dtype, values)
    if dtype not in MOST_STEPS:
        return Tensor(name, values.shape, np.dtype(dtype), np.rint(4 * values).astype(dtype))
    sums = RULES[kind].weights
    if sums is None:
        made = Tensor(name, values.shape, np.dtype(dtype), None, _scale(dtype, _WIDTH))
    elif name == f"c{sums.slot}":
        made = Tensor(name, values.shape, np.dtype(np.int8), None, _scale("int8", float(np.abs(values).max())))
    else:
        scales = [one.quantization.scale[0] for one in before if one.quantization is not None]
        wide = np.dtype(np.int32 if dtype == "int8" else np.int64)
        made = Tensor(
            name, values.shape, wide, None, Quantization(np.prod(scales, keepdims=True), np.zeros(1, np.int64))
        )
    made.data = np.rint(_stored(made, values)).astype(made.dtype)
    return made


def _in_float(graph: Graph, dtype: str) -> Graph:
    """The same network with the same real values in float32."""
    tensors = dict(graph.tensors)
    for name, tensor in graph.tensors.items():
        if tensor.quantization is not None or (name in graph.outputs and tensor.dtype.name == dtype):
            data = None if tensor.data is None else _real(tensor, tensor.data)
            tensors[name] = Tensor(name, tensor.shape, np.dtype(np.float32), data)
    return Graph(tensors, graph.operators, graph.inputs, graph.outputs)


def _drawn(random: np.random.Generator, tensor: Tensor, kind: str) -> Array:
    """Values over all that a quantised tensor can hold, and small ones in other types."""
    most = np.iinfo(tensor.dtype).max if tensor.quantization is not None else 2 if tensor.dtype == bool else 9
    lowest = 1 if kind in _POSITIVE else 0 if tensor.dtype == bool else -most
    values = random.uniform(lowest, most, tensor.shape)
    return np.asarray(values if tensor.dtype == np.float32 else np.floor(values), tensor.dtype)


def _scale(dtype: str, width: float) -> Quantization | None:
    """The scale at which an integer type reaches this real value; none for a type that is not quantised."""
    if dtype not in MOST_STEPS:
        return None
    return Quantization(np.array([width / np.iinfo(dtype).max], np.float32), np.zeros(1, np.int64))


def _scale_of_answer(kind: str, dtype: str, answer: Array) -> Quantization | None:
    if dtype not in MOST_STEPS:
        return None
    rule = (RULES if dtype == "int8" else INT16_RULES).get(kind)
    if rule is not None and rule.output is not None:
        return rule.output.quantization()
    return _scale(dtype, _WIDTH if kind in _SAME_SCALE else max(1.02 * float(np.abs(answer).max()), 1e-3))


def _real(tensor: Tensor, stored: Array) -> Array:
    if tensor.quantization is None:
        return stored
    steps = stored.astype(np.float64) - tensor.quantization.zero_point
    return np.asarray(steps * tensor.quantization.scale, np.float32).reshape(stored.shape)


def _stored(tensor: Tensor, real: Array) -> Array:
    """What a tensor would store for real values, not rounded."""
    if tensor.quantization is None:
        return real
    limits = np.iinfo(tensor.dtype)
    steps = real.astype(np.float64) / tensor.quantization.scale + tensor.quantization.zero_point
    return np.clip(steps, limits.min, limits.max)


def _litert(content: bytes, feeds: Sequence[Array]) -> list[Array]:
    """The answers, by name; ours name inputs and outputs in their order."""
    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    given, asked = (
        sorted(details, key=lambda one: str(one["name"]))
        for details in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    for detail, feed in zip(given, feeds, strict=True):
        interpreter.set_tensor(detail["index"], feed)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in asked]
