"""Why a recording of readings was judged as it was: its figures, the telling ones first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.manifest import AnomalyRule
from training.explain.figures import figure_shares

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle
    from edge_contracts.verdict import Outcome
    from edge_runtime.frames import Window

SHOWN = 5


def figures_document(bundle: Bundle, window: Window, score: float, verdict: Outcome) -> dict[str, Any]:
    """Plain values for JSON, all figures.

    Args:
        bundle: what judged.
        window: what was judged.
        score: what the bundle gave it.
        verdict: what follows from that.

    Raises:
        BadInputError: a recording that does not fit the bundle, or a bundle without figures.
    """
    shares = figure_shares(bundle, window)
    rule = bundle.manifest.rule
    return {
        "recording": Path(window.name).name,
        "bundle": bundle.manifest.name,
        "verdict": verdict.value,
        "score": score,
        "threshold": rule.threshold if isinstance(rule, AnomalyRule) else None,
        "figures": [
            {"name": one.name, "found": one.found, "usual": one.usual, "share_of_score": one.share} for one in shares
        ],
    }


def figures_text(document: dict[str, Any]) -> str:
    """Several lines from the document."""
    threshold = "" if document["threshold"] is None else f", threshold {document['threshold']:.4g}"
    shown = document["figures"][:SHOWN]
    width = max(len(one["name"]) for one in shown)
    return "\n".join(
        [
            f"{document['recording']}: {document['verdict']}, score {document['score']:.4g}{threshold}",
            "the score rests on",
            *(
                f"  {one['name']:{width}}  {one['found']:.4g}, usual beside the others {one['usual']:.4g}: "
                f"{one['share_of_score']:.0%} of the score"
                for one in shown
            ),
        ]
    )
