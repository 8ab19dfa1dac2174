from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from training.detectors.threshold_notes import is_threshold_note, threshold_notes
from training.detectors.threshold_rule import ThresholdRule

if TYPE_CHECKING:
    from typing import Literal


@pytest.mark.parametrize(("rule", "count"), [("lognormal", 1), ("conformal", 2)])
@pytest.mark.parametrize("overkill", [0.05, 0.125, 0.3])
def test_each_sentence_about_a_threshold_is_known_again(
    rule: Literal["lognormal", "conformal"], count: int, overkill: float
) -> None:
    scores = [1 + place / 100 for place in range(60)]
    notes = threshold_notes(ThresholdRule(rule, overkill).threshold(scores, [str(one) for one in scores]))
    assert [is_threshold_note(one) for one in notes] == [True] * count


def test_a_sentence_that_has_the_word_is_none() -> None:
    assert not is_threshold_note("doubtful: bad_threshold_07.png is learned as good")
