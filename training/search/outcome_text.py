"""What a search came to, as `lepton search run` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.search.options import USUAL

if TYPE_CHECKING:
    from training.search.space import Criterion, Params

QUALITIES = {"separation": "separation", "auroc": "AUROC", "score": "score"}
"""What each criterion is called."""


def quality_text(criterion: Criterion, value: float) -> str:
    """A quality with its name."""
    return f"{QUALITIES[criterion]} {value:.3f}"


def candidate_text(params: Params) -> str:
    """A candidate in a few words; ranges by three figures, the usual copies not at all."""
    named = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in params.items()}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value != USUAL)


def outcome_text(document: dict[str, Any]) -> str:
    """Several lines from the document of `outcome_of`."""
    one, usual = document["chosen"], document["usual"]
    refused = f", {document['refused']} of them refused" if document["refused"] else ""
    ended = "; nothing is left to try" if document["ended"] else ""
    quality = quality_text(document["criterion"], one["quality"])
    in_turn = "" if document["criterion"] == "score" else " in turn"
    beside = "" if usual is None else f" (the usual one: {usual['quality']:.3f})"
    return "\n".join(
        (
            f"{plural(document['trials'], 'trial')} in the study{refused}{ended}",
            f"taken: trial {one['number']}, {candidate_text(one['params'])}",
            f"{quality} on parts for training that were held out{in_turn}{beside}; {one['model_bytes']:,} bytes, "
            f"{one['ms']:.2f} ms",
            *_held_out(document),
            *([f"note: {document['note']}"] if document["note"] else []),
            *([f"wrote {document['bundle']}; the same again: {document['command']}"] if document["bundle"] else []),
        )
    )


def plural(count: int, what: str) -> str:
    """So many of something."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _held_out(document: dict[str, Any]) -> list[str]:
    found = document["held_out"]
    if found is None:
        return []
    parts = f"{found['good']} good and {found['defective']} other parts that no trial saw"
    lines = [] if found["accuracy"] is None else [f"right class {found['accuracy']:.3f}"]
    for name, key in (("AUROC", "auroc"), ("escape at 5 % overkill", "escape_at_5_percent_overkill")):
        if found.get(key) is not None:
            bounds = found["bounds"][key]
            lines.append(f"{name} {found[key]:.3f} (95 % interval {bounds['low']:.3f} to {bounds['high']:.3f})")
    return (
        [f"chosen among {plural(document['trials'], 'trial')}, judged on {parts}: {', '.join(lines)}"] if lines else []
    )
