"""What the gate said of a bundle when it was made, in words: for whoever is about to trust it.

The card holds it, and the digest does not cover the card: whoever can write the bundle can write a better word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_contracts.card import Card


def gate_in_words(card: Card | None) -> str:
    """One sentence without its full stop, also where there is no card or no gate ran."""
    if card is None:
        return "there is none, and nothing else says what a gate found"
    if card.gate is None:
        return "no gate ran when it was made"
    reasons = "; ".join(card.gate.reasons)
    return {
        "passed": f"the gate passed it on {card.calibration}",
        "refused": f"the gate refused it on {card.calibration}: {reasons}",
        "forced": f"packed by force, the gate refused it on {card.calibration}: {reasons}",
        "reported": f"the gate did not judge it: {card.calibration}",
    }[card.gate.verdict]
