"""The reference page of the operators, written from the rule table."""

from __future__ import annotations

from converters.lower.int8_form import int8_form
from converters.lower.model_file import NEWEST_OPSET, OLDEST_OPSET
from converters.lower.rules import FOLDED, RULES

_HEAD = f"""# ONNX operators

What `lepton convert` does with each operator of an ONNX model when it makes a TFLite model of it. Operator sets
{OLDEST_OPSET} to {NEWEST_OPSET}. Whatever is not here is refused with the node's name, the reason and what to change;
`--format onnx` keeps the model ONNX.

Each row is held to ONNX Runtime by tests over shapes, strides, pads, dilations and axes, to 1e-4 of the output's
largest value, with both of LiteRT's kernel sets, and in every form that the operator had from set 11 to 21; each
lowered model is compared once more when it is converted.

In int8, each operator alone is held to its float form on the same numbers, with both kernel sets: what copies or
compares answers exactly, what rounds is at most one step of its output's scale off, and what rounds inside (softmax,
normalisation, hard swish, GELU, reciprocal root) one and a half. One exception: where a linear Resize aligns corners,
LiteRT's reference kernels round its places, and were up to 2.9 steps off from 16 to 32 pixels (XNNPACK: half a step).

| ONNX | TFLite | limits | int8 |
|---|---|---|---|
"""


def reference() -> str:
    """The whole page, Markdown."""
    rows = [f"| {kind} | {rule.becomes} | {rule.limits} | {int8_form(kind)} |" for kind, rule in sorted(RULES.items())]
    folded = f"Computed while lowering, whatever reads them: {', '.join(FOLDED)}."
    return _HEAD + "\n".join(rows) + f"\n\n{len(RULES)} operators. {folded}\n"
