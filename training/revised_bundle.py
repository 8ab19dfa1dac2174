"""The same bundle with another threshold: network, goldens and files stay, rule, provenance and card tell of it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from edge_contracts.bundle import CARD, MANIFEST, REPORT
from edge_contracts.card import Measurement
from edge_contracts.manifest import AnomalyRule, Manifest, ProvenanceStep
from training.detectors.threshold import score_reference
from training.detectors.threshold_notes import is_threshold_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.bundle import Bundle
    from training.threshold_revision import Revision

REPLACED = ("threshold", "expected_overkill")


def revised_bundle(
    bundle: Bundle, revision: Revision, good: Sequence[float], inputs: dict[str, str], settings: dict[str, Any]
) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the members that `edge_contracts.bundle.write_bundle` takes.

    The page is left out: it shows the old threshold. The sequence rises by one, so that boards take the new bundle.

    Args:
        bundle: the old one, with an anomaly rule.
        revision: the new threshold.
        good: the good scores that it rests on.
        inputs: what was judged, name to digest.
        settings: how the threshold was set.
    """
    step = ProvenanceStep(
        step="threshold", tool=f"lepton-edge {version('lepton-edge')}", inputs=inputs, settings=settings
    )
    fields = {name: getattr(bundle.manifest, name) for name in Manifest.model_fields}
    fields |= {
        "sequence": bundle.manifest.sequence + 1,
        "rule": AnomalyRule(threshold=revision.value, reference=score_reference(good)),
        "provenance": (*bundle.manifest.provenance, step),
    }
    members = {path: content for path, content in bundle.members.items() if path not in {MANIFEST, REPORT}}
    card = bundle.card
    if card is not None:
        kept = tuple(one for one in card.metrics if one.name not in REPLACED)
        notes = tuple(one for one in card.notes if not is_threshold_note(one))
        details = {topic: found for topic, found in card.details.items() if topic != "good_scores"}
        changes = {"metrics": (*kept, *_measurements(revision)), "notes": notes, "details": details}
        revised = card.model_copy(update=changes)
        members[CARD] = revised.model_dump_json(indent=2).encode()
    return Manifest(**fields), members


def _measurements(revision: Revision) -> tuple[Measurement, Measurement]:
    share = revision.overkill_interval
    return (
        Measurement(
            name="threshold",
            value=revision.value,
            unit="score",
            low=min(revision.rule.low, revision.value),
            high=revision.rule.high,
        ),
        Measurement(name="expected_overkill", value=revision.overkill, unit="share", low=share.low, high=share.high),
    )
