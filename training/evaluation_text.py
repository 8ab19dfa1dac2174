"""An evaluation in sentences, as `lepton evaluate` prints it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training.evaluation import noun_of
from training.figures import Area, Share, counted, excluded_escape
from training.threshold_advice import threshold_advice

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from training.evaluation import Evaluation

NAMED_ESCAPES = 10
UNKNOWN = "not known (good or defective ones are missing)"


def evaluation_text(manifest: Manifest, evaluation: Evaluation, split: str | None, learned: int = 0) -> str:
    """Several lines: the figures with their 95 % intervals, each label's, and what to do about them.

    Args:
        manifest: of the bundle.
        evaluation: of it.
        split: that was judged; None for all rows.
        learned: how many of the judged ones taught the bundle, or are nearly the same as one that did.
    """
    good = sum(one.is_good for one in evaluation.judged)
    where, noun = f", split {split}" if split else "", noun_of(manifest)
    return "\n".join(
        (
            f"{manifest.name}: {good} good and {len(evaluation.judged) - good} defective {noun}s"
            f"{_groups(evaluation)}{where}",
            f"AUROC {_area(evaluation.area)}",
            f"escape at 5 % overkill {_share(evaluation.at_overkill)}",
            f"at the bundle's own threshold: overkill {_share(evaluation.overkill)}",
            f"at the bundle's own threshold: escape {_share(evaluation.escape)}",
            *_none_missed(evaluation.escape),
            *_labels(evaluation),
            f"{evaluation.ms_per_picture:.2f} ms per {noun}",
            *_escaped(evaluation),
            *([advice] if (advice := threshold_advice(manifest, evaluation, learned)) else []),
        )
    )


def _groups(evaluation: Evaluation) -> str:
    """How many of each kind, where some pictures are relatives."""
    shares = [one for one in (evaluation.overkill, evaluation.escape) if one]
    if all(one.by_group is None for one in shares):
        return ""
    counts = " and ".join(str(one.groups) for one in shares)
    return f" in {counts} group{'s' if counts != '1' else ''}"


def _area(area: Area | None) -> str:
    if area is None:
        return UNKNOWN
    bounds = area.interval
    return f"{area.value:.4f} (95 % interval {bounds.low:.3f} to {bounds.high:.3f})"


def _share(share: Share | None) -> str:
    if share is None:
        return UNKNOWN
    bounds = share.interval
    return f"{share.value:.3f} ({counted(share)}, 95 % interval {bounds.low:.3f} to {bounds.high:.3f})"


def _none_missed(escape: Share | None) -> list[str]:
    excluded = excluded_escape(escape)
    if escape is None or excluded is None:
        return []
    defects = "groups of defects" if escape.by_group else "defects"
    return [
        f"no miss in {escape.groups} {defects} excludes escape rates above {excluded:.1%} only, at 95 % (about 3 / k); "
        "twice as many without a miss would halve that"
    ]


def _labels(evaluation: Evaluation) -> list[str]:
    """A line for each label, where there is more than one kind of defect."""
    if sum(not one.is_good for one in evaluation.labels) < 2:  # noqa: PLR2004 - one kind is the whole
        return []
    return [
        f"  {one.label}: {'overkill' if one.is_good else 'escape'} {counted(one.wrong)}"
        + (f", AUROC {one.area.value:.3f}" if one.area else "")
        for one in evaluation.labels
    ]


def _escaped(evaluation: Evaluation) -> list[str]:
    """Which defects passed."""
    escaped = [Path(path).name for path in evaluation.escaped]
    more = f" and {len(escaped) - NAMED_ESCAPES} more" if len(escaped) > NAMED_ESCAPES else ""
    return [f"called good though defective: {', '.join(escaped[:NAMED_ESCAPES])}{more}"] if escaped else []
