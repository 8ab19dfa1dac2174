from __future__ import annotations

import numpy as np
import pytest

from training.heads.choice import choose
from training.heads.fusion import Fusion, Gain, gains_of

RANDOM = np.random.default_rng(0)
IS_DEFECT = np.arange(120) >= 90
GOOD_ONLY = np.exp(0.1 * RANDOM.normal(size=120) + 0.15 * IS_DEFECT)
DEAF = RANDOM.normal(size=120)
"""A head that hears nothing."""


def _logits(strength: float) -> np.ndarray:
    return np.random.default_rng(1).normal(size=120) * 0.5 - 3 + strength * IS_DEFECT


def test_a_typical_good_part_keeps_its_score() -> None:
    gain = Gain(slope=0.2, centre=-3.0)
    fusion = Fusion("sum", 1.0, {"pooled": gain})
    assert fusion.joined(np.array([1.7]), {"pooled": np.array([-3.0])}) == pytest.approx([1.7])


def test_both_voices_weigh_the_same() -> None:
    good_only, logits = GOOD_ONLY[:90], {"pooled": _logits(0)[:90]}
    (gain,) = gains_of(good_only, logits).values()
    assert np.log(gain.factor(logits["pooled"])).std() == pytest.approx(np.log(good_only).std())


def test_a_huge_logit_stays_a_number() -> None:
    assert np.isfinite(Gain(1.0, 0.0).factor(np.array([1e6]))).all()


def test_a_head_that_helps_is_heard() -> None:
    chosen = choose(GOOD_ONLY, {"pooled": _logits(2.0)}, IS_DEFECT)
    assert chosen.fusion.choice == "sum"
    assert chosen.aurocs["sum"] > chosen.aurocs["good-only"] + 0.05


def test_a_head_that_hears_nothing_is_left_away() -> None:
    sharp = np.where(IS_DEFECT, 1.3, 1.0) * np.exp(0.1 * DEAF[::-1])
    chosen = choose(sharp, {"pooled": DEAF}, IS_DEFECT)
    assert chosen.fusion.heads == ()
    assert chosen.aurocs["good-only"] > chosen.aurocs["sum"] + 0.02


def test_a_tie_goes_to_the_sum() -> None:
    perfect = np.where(IS_DEFECT, 50.0, 1.0) * GOOD_ONLY
    chosen = choose(perfect, {"pooled": _logits(30.0), "cell": _logits(30.0)}, IS_DEFECT)
    assert set(chosen.aurocs.values()) == {1.0}
    assert chosen.fusion.choice == "sum"


def test_places_are_heard_where_only_they_know() -> None:
    chosen = choose(GOOD_ONLY, {"pooled": DEAF, "cell": _logits(4.0)}, IS_DEFECT)
    assert chosen.fusion.choice == "cell"
    assert "cell" not in choose(GOOD_ONLY, {"pooled": DEAF}, IS_DEFECT).aurocs
