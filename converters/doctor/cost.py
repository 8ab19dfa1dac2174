"""What a float island costs in time, from the graph alone: the same on every machine, so that a choice is, too.

Measured milliseconds stand beside it in the findings. They may not choose, because the same inputs have to give the
same file, and because they are this machine's and not the board's. `make bench-doctor` prints both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.operator_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection

    from converters.graph import Graph, Operator

FLOAT_COST = 2.0
"""Time of work in float over that in int8. A Raspberry Pi 4 has 1.46 (MobileNet in ncnn, one thread) and 2.7 to
3.2 (MobileNetV2 and V1 in XNNPACK, all cores: device_profiles/boards/rpi-4b.toml); an x86 1.64 (MobileNetV1-0.25)."""

CONVERSION_COST = 1.0
"""Time of one value through QUANTIZE or DEQUANTIZE, in int8 multiply-accumulates; too short to measure in a network."""

VALUE_COST = 4.0
"""Time of writing one value of any operator, in the same unit: what small and depthwise operators mostly cost."""


def time_ratio(original: Graph, kept_float: Collection[str], int8: Collection[str]) -> float:
    """Estimated time with some operators in float over the time with all of `int8` in integers.

    Args:
        original: the float graph.
        kept_float: first outputs of the operators that stay float.
        int8: first outputs of the operators that could be integer.
    """
    before = sum(_work(original, operator) for operator in original.operators)
    more = sum(
        (FLOAT_COST - 1) * _work(original, operator)
        for operator in original.operators
        if operator.outputs[0] in kept_float
    )
    return 1 + (more + CONVERSION_COST * _converted(original, kept_float, int8)) / max(before, 1)


def multiply_accumulates(graph: Graph, operator: Operator) -> int:
    """Of one run; 0 for an operator without weights."""
    rule = RULES.get(operator.kind)
    if rule is None or rule.weights is None:
        return 0
    weights = graph.tensors[str(operator.inputs[rule.weights.slot])].shape
    per_value = int(np.prod(weights)) // max(weights[rule.weights.channel_axis], 1)
    name = operator.inputs[2] if operator.kind == "TRANSPOSE_CONV" else operator.outputs[0]
    return _size(graph, str(name)) * (int(np.prod(weights[:3])) if operator.kind == "TRANSPOSE_CONV" else per_value)


def _work(graph: Graph, operator: Operator) -> float:
    return multiply_accumulates(graph, operator) + VALUE_COST * sum(_size(graph, name) for name in operator.outputs)


def _converted(graph: Graph, kept_float: Collection[str], int8: Collection[str]) -> int:
    """Values that cross between float and integers, each tensor once per direction."""
    makers = {name: operator.outputs[0] for operator in graph.operators for name in operator.outputs}
    crossing: set[tuple[str, bool]] = set()
    for operator in graph.operators:
        reads_float = operator.outputs[0] in kept_float
        if not reads_float and operator.outputs[0] not in int8:
            continue
        for name in operator.inputs:
            is_activation = name is not None and graph.tensors[name].data is None
            if is_activation and (makers.get(str(name)) in kept_float) != reads_float:
                crossing.add((str(name), reads_float))
    return sum(_size(graph, name) for name, _ in crossing)


def _size(graph: Graph, name: str) -> int:
    return int(np.prod(graph.tensors[name].shape))
