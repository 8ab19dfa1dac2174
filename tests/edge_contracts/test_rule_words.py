"""Every rule is told in words that name its figures."""

from __future__ import annotations

from typing import Any

import pytest

from edge_contracts.manifest import (
    AnomalyRule,
    AreaLimit,
    AreaRule,
    BoxLimit,
    BoxRule,
    ClassRule,
    Manifest,
    MapRule,
    NoRule,
)
from edge_contracts.rule_words import rule_in_words

TOLD: dict[str, Any] = {
    "defect from a score of 0.25 on": AnomalyRule(threshold=0.25),
    "defect from a hottest place of the heat map of 3 on": MapRule(threshold=3),
    "defect from a percentile 99.5 of the heat map of 3 on": MapRule(
        measure="percentile", percentile=99.5, threshold=3
    ),
    "defect from 2.000% of the heat map at 3 or more on": MapRule(measure="area", hot=3, threshold=0.02),
    "good is ok; unknown below a probability of 0.5": ClassRule(good=("ok",)),
    "good is ok; unknown below a probability of 0.5; by itself scratch from 0.3": ClassRule(
        good=("ok",), thresholds={"scratch": 0.3}
    ),
    "good has no box with a score of 0.5 or more": BoxRule(),
    "good has exactly 4 screw (score 0.5); no other box with a score of 0.5 or more": BoxRule(
        limits={"screw": BoxLimit(at_least=4, at_most=4)}
    ),
    "good has any number of dust (score 0.5); at least 2 nut (score 0.5); "
    "no scratch (score 0.3, smaller than 0.100% not counted); no other box with a score of 0.5 or more": BoxRule(
        limits={
            "dust": BoxLimit(at_most=None),
            "nut": BoxLimit(at_least=2, at_most=None),
            "scratch": BoxLimit(min_score=0.3, min_area=0.001),
        }
    ),
    "good has rust on 0.000% to 2.000%; no other label anywhere, background anything": AreaRule(
        limits={"rust": AreaLimit(at_most=0.02)}
    ),
    "none: no station can inspect with it": NoRule(),
}


@pytest.mark.parametrize("sentence", TOLD)
def test_a_rule_is_told_with_its_figures(sentence: str) -> None:
    manifest = Manifest.model_construct(rule=TOLD[sentence], labels=("background", "rust"))
    assert rule_in_words(manifest) == sentence
