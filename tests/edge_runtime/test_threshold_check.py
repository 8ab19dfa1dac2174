"""Thresholds that a bundle cannot be judged by are refused at the start."""

from __future__ import annotations

from typing import Any

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, AreaRule, BoxHead, BoxRule, ClassRule, Manifest, MapRule, PixelHead
from edge_runtime.threshold_check import check_thresholds
from tests.fakes.parts import point

LABELS = ("ok", "dent")
HEADS: dict[Any, Any] = {BoxRule: BoxHead(boxes="corners"), AreaRule: PixelHead()}
CLASSES = ClassRule(good=("ok",))


def check(rule: Any, **settings: Any) -> None:
    manifest = Manifest.model_construct(rule=rule, labels=LABELS, head=HEADS.get(type(rule)))
    check_thresholds(point(**settings), manifest)


@pytest.mark.parametrize(("rule", "settings"), [
    (AnomalyRule(threshold=1), {"threshold": 70_000.0}),
    (MapRule(threshold=1), {"threshold": 70_000.0}),
    (MapRule(threshold=1), {"threshold": -3.0}),
    (MapRule(measure="area", hot=0.5, threshold=0.001), {"threshold": 1.0}),
    (CLASSES, {"threshold": 0.9, "thresholds": {"dent": 0.2}}),
    (BoxRule(), {"threshold": 0.3, "thresholds": {"dent": 0.1}}),
    (AreaRule(), {"thresholds": {"dent": 0.0}}),
    (BoxRule(), {}),
])  # fmt: skip
def test_what_the_rule_can_use_is_taken(rule: Any, settings: dict[str, Any]) -> None:
    check(rule, **settings)


@pytest.mark.parametrize(("rule", "settings", "says"), [
    (AnomalyRule(threshold=1), {"thresholds": {"dent": 1.0}}, "wanted no thresholds of labels.*; use threshold$"),
    (MapRule(measure="area", hot=0.5, threshold=0.1), {"threshold": 1.5}, "at most 1, .* found 1.5, which no part"),
    (CLASSES, {"threshold": 1.5}, "wanted a threshold of 0 to 1, .* gives probabilities, found 1.5"),
    (CLASSES, {"thresholds": {"scratch": 0.5}}, "wanted thresholds of ok, dent, found scratch"),
    (CLASSES, {"thresholds": {"dent": -0.1}}, "found -0.1"),
    (BoxRule(), {"thresholds": {"dent": 0.05}}, "at least 0.1, below which .* drops boxes, found 0.05"),
    (AreaRule(), {"threshold": 0.5}, "which measures areas"),
    (AreaRule(), {"thresholds": {"dent": 2.0}}, "gives shares, found 2"),
])  # fmt: skip
def test_what_it_cannot_use_is_refused(rule: Any, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInputError, match=f"inspection point gate: .*{says}"):
        check(rule, **settings)
