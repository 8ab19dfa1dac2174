"""Whether a station's thresholds are ones that a bundle can be judged by; told at the start, not at the first part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, AreaRule, BoxHead, BoxRule, ClassRule, MapRule

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point


def check_thresholds(point: Point, manifest: Manifest) -> None:
    """Refuse what the bundle's rule cannot use.

    Raises:
        BadInputError: a label that the bundle does not have, a share or probability outside 0 to 1 (of a map's area:
            above 1), a threshold that the rule has no use for.
    """
    if problem := _problem(point, manifest):
        raise BadInputError(f"inspection point {point.name}: {problem}")


def _problem(point: Point, manifest: Manifest) -> str:
    rule, every = manifest.rule, [*point.thresholds.values()]
    if point.threshold is not None:
        every.append(point.threshold)
    if isinstance(rule, AnomalyRule | MapRule):
        refusal = f"wanted no thresholds of labels for {point.bundle}, whose rule has one for all; use threshold"
        return refusal if point.thresholds else _beyond_the_whole(point, rule)
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


def _beyond_the_whole(point: Point, rule: AnomalyRule | MapRule) -> str:
    if not isinstance(rule, MapRule) or point.threshold is None or point.threshold <= rule.most:
        return ""
    return (
        f"wanted a threshold of at most {rule.most:g}, because {point.bundle} measures a share of the map, found "
        f"{point.threshold:g}, which no part reaches; mend it, or take it out and the bundle's own is in force"
    )
