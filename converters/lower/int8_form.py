"""Which of the operators that a lowered model is made of compute in int8, and why the others stay float."""

from __future__ import annotations

import re

from converters.lower.rules import RULES
from converters.quantize.operator_rules import RULES as INT8_RULES

STAYS_FLOAT = {
    "CEIL": "no runtime has an int8 kernel",
    "COS": "no runtime has an int8 kernel",
    "DIV": "tflite-runtime 2.14 has no int8 kernel",
    "ELU": "an int8 kernel is missing or wrong in some runtime",
    "EXP": "30 dB in int8: box decoding needs more",
    "FLOOR": "no runtime has an int8 kernel",
    "GATHER_ND": "no rule yet",
    "LOCAL_RESPONSE_NORMALIZATION": "no runtime has an int8 kernel",
    "LOG": "tflite-runtime 2.14 has no int8 kernel",
    "POW": "no runtime has an int8 kernel",
    "REDUCE_MAX": "no rule yet",
    "REDUCE_MIN": "no rule yet",
    "REDUCE_PROD": "its range grows with the power of the number of values",
    "RELU": "alone; behind most operators it is fused",
    "RELU6": "alone; behind most operators it is fused",
    "RELU_N1_TO_1": "alone; behind most operators it is fused",
    "SIN": "no runtime has an int8 kernel",
    "SQRT": "tflite-runtime 2.14 has no int8 kernel",
    "SUM": "an int8 kernel is missing or wrong in some runtime",
    "TOPK_V2": "its positions are whole numbers",
}
"""TFLite operator to reason, as measured in LiteRT 2.3 and tflite-runtime 2.14."""

_OPERATOR = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_NO_OPERATORS = frozenset({"CRD"})  # a mode of DepthToSpace


def tflite_kinds(kind: str) -> tuple[str, ...]:
    """The TFLite operators that an ONNX operator may become, as its row says, in alphabetical order."""
    return tuple(sorted(set(_OPERATOR.findall(RULES[kind].becomes)) - _NO_OPERATORS))


def int8_form(kind: str) -> str:
    """The cell of the reference page: `int8`, or what stays float and why.

    Raises:
        KeyError: an operator has no int8 rule, and no reason here why not.
    """
    kinds = tflite_kinds(kind)
    if not kinds:
        return "nothing to compute"
    floats = [name for name in kinds if name not in INT8_RULES]
    if not floats:
        return "int8"
    reasons: dict[str, list[str]] = {}
    for name in floats:
        reasons.setdefault(STAYS_FLOAT[name], []).append(name)
    said = "; ".join(f"float in {', '.join(names)} ({reason})" for reason, names in reasons.items())
    return said if len(floats) == len(kinds) else f"int8, but {said}"
