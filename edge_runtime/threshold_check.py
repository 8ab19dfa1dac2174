"""Whether a station's thresholds are ones that a bundle can be judged by; told at the start, not at the first part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, AreaRule, BoxHead, BoxRule, ClassRule, MapRule

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point

FAR_RATIO: Final = 10.0
"""So many times the bundle's own threshold is no other wish about the same parts, it is a slip of the hand."""


def check_thresholds(point: Point, manifest: Manifest) -> None:
    """Refuse what the bundle's rule cannot use.

    Raises:
        BadInputError: a label that the bundle does not have, a share or probability outside 0 to 1, a threshold that
            the rule has no use for, or one by which each part would be good.
    """
    if problem := _problem(point, manifest):
        raise BadInputError(f"inspection point {point.name}: {problem}")


def _problem(point: Point, manifest: Manifest) -> str:
    rule, every = manifest.rule, [*point.thresholds.values()]
    if point.threshold is not None:
        every.append(point.threshold)
    if isinstance(rule, AnomalyRule | MapRule):
        refusal = f"wanted no thresholds of labels for {point.bundle}, whose rule has one for all; use threshold"
        return refusal if point.thresholds else _beyond_all(point, rule)
    if strangers := sorted(set(point.thresholds) - set(manifest.labels)):
        return f"wanted thresholds of {', '.join(manifest.labels)}, found {', '.join(strangers)}; mend the names"
    if isinstance(rule, AreaRule) and point.threshold is not None:
        return (
            f"wanted thresholds of labels for {point.bundle}, which measures areas, found one for all; use thresholds"
        )
    if isinstance(rule, ClassRule | BoxRule | AreaRule) and not all(0 <= one <= 1 for one in every):
        what = "shares" if isinstance(rule, AreaRule) else "probabilities"
        outside = next(one for one in every if not 0 <= one <= 1)
        return f"wanted a threshold of 0 to 1, because {point.bundle} gives {what}, found {outside:g}"
    if isinstance(rule, BoxRule) and isinstance(manifest.head, BoxHead) and every:
        least = manifest.head.least_score
        lowest = min(every)
        if lowest < least:
            return f"wanted a threshold of at least {least:g}, below which {point.bundle} drops boxes, found {lowest:g}"
    return ""


def _beyond_all(point: Point, rule: AnomalyRule | MapRule) -> str:
    """A threshold that nothing reaches: by it every defect would be good. One that is too low is seen at once."""
    is_share = isinstance(rule, MapRule) and rule.measure == "area"
    most = 1.0 if is_share else FAR_RATIO * rule.threshold
    if point.threshold is None or rule.threshold <= 0 or point.threshold <= most:
        return ""
    return (
        f"wanted a threshold of at most {most:.4g} for {point.bundle}, whose own is {rule.threshold:.4g}, found "
        f"{point.threshold:g}, by which each part would be good; mend it, take it out and the bundle's own is in "
        "force, or let 'lepton threshold' set one from parts of the line"
    )
