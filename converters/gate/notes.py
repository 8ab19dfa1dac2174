"""What a person should know of a comparison that the gate lets pass, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.gate.verify import MOST_DISAGREEMENT

if TYPE_CHECKING:
    from converters.gate.verify import Comparison

CHANCE = 0.5
"""The AUROC of a coin."""


def undecided_note(comparison: Comparison) -> str:
    """A sentence where more classes changed than are let pass without a look, and labels do not decide; else empty."""
    one = comparison
    if one.labels_decide or one.agreement is None or one.agreement >= 1 - MOST_DISAGREEMENT:
        return ""
    return (
        f"another class than float's on {100 * (1 - one.agreement):.1f} % of the inputs; by float's own probabilities "
        f"that costs {100 * (one.expected_loss or 0.0):.2f} points of accuracy: a folder per class would measure it"
    )


def labels_note(comparison: Comparison) -> str:
    """A sentence where inputs have labels that do not decide alone: how many were judged by them; else empty."""
    one = comparison
    if one.accuracy is None or one.labels_decide:
        return ""
    classes = "1 class" if one.labelled_classes == 1 else f"{one.labelled_classes} classes"
    return (
        f"accuracy is that of {one.labelled} of {one.samples} inputs, of {classes}: the gate held all inputs to the "
        "float model's class as well; put them all into a folder per class to be judged by labels alone"
    )


def chance_note(comparison: Comparison) -> str:
    """A sentence where the float detector itself tells defects from good parts no better than chance; else empty."""
    found = comparison.auroc_float
    if found is None or not found <= CHANCE:  # NaN says nothing
        return ""
    return (
        f"the float detector itself does not tell these defects from good parts (AUROC {found:.2f}): are these the "
        "parts that it was made for? the gate says only that converting changed nothing"
    )
