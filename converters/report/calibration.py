"""How well the calibration inputs stand for the line, as the page shows it.

It reads `card.details["calibration"]`: `converters.calibration.representativeness.Representativeness.as_document()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.report.layers import as_sentence
from converters.report.quantity import percent

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Known:
    """One figure, and what it means."""

    label: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """sentences: for people, as they were found. rows: the figures behind them."""

    sentences: tuple[str, ...]
    rows: tuple[Known, ...]


def coverage(document: Mapping[str, Any] | None) -> Coverage | None:
    """Lay it out; None where nobody looked."""
    if not document:
        return None
    rows = [Known("Different inputs", f"{document['distinct']} of {document['inputs']}", "no near copy of another")]
    if document["coverage"] is not None:
        rows += [
            Known("Within what others show", percent(document["coverage"]), "activations, each quarter of the inputs"),
            Known("Beyond it", percent(document["beyond"]), "of the others' range, in the mean of the activations"),
            Known(
                "Cut off",
                _fine(document["saturation"]),
                "values at an end of their integer range, zeros of a ReLU apart",
            ),
        ]
    if document["brightness"] is not None:
        dark, bright = document["brightness"]
        rows.append(
            Known("Brightness", f"{percent(dark)} to {percent(bright)}", "the darkest and brightest picture in twenty")
        )
    if document["clipped"] is not None:
        rows.append(Known("Black or burnt out", percent(document["clipped"]), "of the pixels"))
    return Coverage(tuple(as_sentence(text) for text in document["sentences"]), tuple(rows))


def _fine(share: float) -> str:
    return f"{100 * share:.2f}\N{NO-BREAK SPACE}%"
