"""What was learned, as `lepton train` prints it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.manifest import Manifest
    from training.heads.joining import Taught
    from training.learning import Learned

JOINED = {
    "good-only": "they help no further, so the bundle judges by good parts alone",
    "sum": "joined: the whole picture, added",
    "cell": "joined: the places inside the boxes, added",
    "maximum": "joined: whichever is most suspicious",
}


def trained_document(learned: Learned, manifest: Manifest, output: Path, digest: str, spent_s: float) -> dict[str, Any]:
    """Plain values for JSON."""
    detector = learned.detector
    limit = detector.threshold
    return {
        "bundle": str(output),
        "name": manifest.name,
        "digest": digest,
        "detector": asdict(detector.selection),
        "features": detector.method,
        "photographs": len(detector.good_scores),
        "copies_of_each": detector.copies,
        "labels": _labels(learned.taught) if learned.taught else None,
        "input": detector.input_size,
        "threshold": {
            "rule": limit.rule,
            "value": limit.value,
            "low": limit.low,
            "high": limit.high,
            "groups": limit.groups,
        },
        "overkill": {
            "expected": limit.overkill,
            "low": limit.overkill_low,
            "high": limit.overkill_high,
            "promised_at": limit.confidence,
        },
        "model_bytes": next(entry.bytes for entry in manifest.files if entry.path == manifest.model_path),
        "seconds": round(spent_s, 2),
        "note": "; ".join(learned.notes),
    }


def trained_text(document: dict[str, Any]) -> str:
    """Several lines from the document."""
    limit, overkill, size = document["threshold"], document["overkill"], document["input"]
    has_relatives = limit["groups"] < document["photographs"]
    counted = f", from {limit['groups']} groups of relatives" if has_relatives else ""
    unit = "px" if "width_px" in size else " and ".join(size)
    looked_at = f"{'×'.join(map(str, size.values()))} {unit}"
    return "\n".join(
        (
            f"learned {document['photographs']} good parts in {document['seconds']:.1f} s "
            f"({document['detector']['kind']} on {document['features']} features, {looked_at}, "
            f"{document['copies_of_each']} copies of each)",
            *(_labels_lines(document["labels"]) if document["labels"] else []),
            f"threshold {limit['value']:.3f} (90 % interval {limit['low']:.3f} to {limit['high']:.3f}{counted})",
            f"{_overkill(overkill)} (90 % interval {overkill['low']:.1%} to {overkill['high']:.1%}), if the line stays "
            "as photographed",
            f"wrote {document['bundle']}: model {document['model_bytes']:,} bytes; next: lepton convert",
            *([f"note: {document['note']}"] if document["note"] else []),
        )
    )


def _overkill(overkill: dict[str, Any]) -> str:
    if overkill["promised_at"] is None:
        return f"expected overkill {overkill['expected']:.1%}"
    return f"overkill at most {overkill['expected']:.1%} at {overkill['promised_at']:.0%} confidence"


def _labels(taught: Taught) -> dict[str, Any]:
    return {
        "defects": taught.defects,
        "drawn": taught.drawn,
        "joined": taught.choice,
        "auroc": {"good_only": taught.aurocs["good-only"], "with_labels": taught.aurocs[taught.choice]},
        "candidates": dict(taught.aurocs),
    }


def _labels_lines(labels: dict[str, Any]) -> list[str]:
    drawn = f", {labels['drawn']} of them drawn" if labels["drawn"] else ""
    before, after = labels["auroc"]["good_only"], labels["auroc"]["with_labels"]
    tie = "; the difference is no clear one" if after < before else ""
    return [
        f"learned {labels['defects']} labelled defects{drawn}: AUROC on parts held out {before:.3f} from good parts "
        f"alone, {after:.3f} with them ({JOINED[labels['joined']]}{tie})"
    ]
