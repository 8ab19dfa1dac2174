"""When a part is good, in words: for a report, a bundle's description, a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.manifest import AnomalyRule, AreaRule, BoxRule, ClassRule, MapRule

if TYPE_CHECKING:
    from edge_contracts.manifest import AreaLimit, BoxLimit, Manifest


def rule_in_words(manifest: Manifest) -> str:
    """One sentence without its full stop; labels that have no limit of their own are told together."""
    rule = manifest.rule
    if isinstance(rule, AnomalyRule):
        return f"defect from a score of {rule.threshold:.4g} on"
    if isinstance(rule, MapRule):
        return f"defect from {_measure(rule)} on"
    if isinstance(rule, ClassRule):
        own = [f"{label} from {score:g}" for label, score in sorted(rule.thresholds.items())]
        told = f"good is {', '.join(rule.good)}; unknown below a probability of {rule.min_confidence:g}"
        return "; ".join([told, *([f"by itself {', '.join(own)}"] if own else [])])
    if isinstance(rule, BoxRule):
        limits = [_boxes(label, limit, rule.min_score) for label, limit in sorted(rule.limits.items())]
        rest = f"no {'other ' if limits else ''}box with a score of {rule.min_score:g} or more"
        return f"good has {'; '.join([*limits, rest])}"
    if isinstance(rule, AreaRule):
        areas = [_area(label, limit) for label, limit in sorted(rule.limits.items())]
        free = "" if manifest.labels[0] in rule.limits else f", {manifest.labels[0]} anything"
        return f"good has {'; '.join([*areas, f'no other label anywhere{free}'])}"
    return "none: no station can inspect with it"


def _measure(rule: MapRule) -> str:
    if rule.hot is not None:
        return f"{rule.threshold:.3%} of the heat map at {rule.hot:.4g} or more"
    what = "hottest place" if rule.measure == "max" else f"percentile {rule.percentile:g}"
    return f"a {what} of the heat map of {rule.threshold:.4g}"


def _boxes(label: str, limit: BoxLimit, score: float) -> str:
    if limit.at_most is None:
        count = f"at least {limit.at_least}" if limit.at_least else "any number of"
    elif limit.at_least == limit.at_most:
        count = "no" if limit.at_most == 0 else f"exactly {limit.at_most}"
    else:
        count = f"{limit.at_least} to {limit.at_most}"
    small = f", smaller than {limit.min_area:.3%} not counted" if limit.min_area else ""
    return f"{count} {label} (score {score if limit.min_score is None else limit.min_score:g}{small})"


def _area(label: str, limit: AreaLimit) -> str:
    return f"{label} on {limit.at_least:.3%} to {limit.at_most:.3%}"
