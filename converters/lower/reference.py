"""The reference page of the operators, written from the rule table."""

from __future__ import annotations

from converters.lower.model_file import NEWEST_OPSET, OLDEST_OPSET
from converters.lower.rules import FOLDED, RULES

_HEAD = f"""# ONNX operators

What `lepton convert` does with each operator of an ONNX model when it makes a TFLite model of it. Operator sets
{OLDEST_OPSET} to {NEWEST_OPSET}. Whatever is not here is refused with the node's name, the reason and what to change;
`--format onnx` keeps the model ONNX.

Each row is held to ONNX Runtime by tests over shapes, strides, pads, dilations and axes, to 1e-4 of the output's
largest value, with both of LiteRT's kernel sets; each lowered model is compared once more when it is converted.

| ONNX | TFLite | limits |
|---|---|---|
"""


def reference() -> str:
    """The whole page, Markdown."""
    rows = [f"| {kind} | {rule.becomes} | {rule.limits} |" for kind, rule in sorted(RULES.items())]
    folded = f"Computed while lowering, whatever reads them: {', '.join(FOLDED)}."
    return _HEAD + "\n".join(rows) + f"\n\n{len(RULES)} operators. {folded}\n"
