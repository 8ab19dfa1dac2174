"""Whether a threshold of an anomaly or a map is so far from everything known that it looks like a slip of the hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.manifest import AnomalyRule, MapRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.manifest.rule import Rule

_RATIO = 10.0


def far_from_scores(threshold: float, known: Sequence[float]) -> str:
    """A sentence when a threshold lies far outside of all that is known, else nothing.

    Args:
        threshold: finite.
        known: the kept scores and the thresholds that were meant, at least one. A step outside as wide as they
            reach, or as the largest of them, is still near.
    """
    least, most = min(known), max(known)
    room = max(most - least, abs(least), abs(most))
    if least - room <= threshold <= most + room:
        return ""
    outcome = "good" if threshold > most else "a defect"
    return f"wanted a threshold near {least:.4g} to {most:.4g}, found {threshold:g}, by which each would be {outcome}"


def far_from_bundle(threshold: float, rule: Rule) -> str:
    """A sentence when a configured threshold is ten times the bundle's, or less than a tenth of it, else nothing."""
    if not isinstance(rule, AnomalyRule | MapRule) or rule.threshold == 0:
        return ""
    if 1 / _RATIO <= threshold / rule.threshold <= _RATIO:
        return ""
    return f"threshold {threshold:g} in station.toml is far from the bundle's own, {rule.threshold:g}"
