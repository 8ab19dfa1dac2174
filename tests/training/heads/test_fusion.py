from __future__ import annotations

import numpy as np
import pytest

from training.heads.choice import choose
from training.heads.fusion import Fusion, Gain, gains_of

RANDOM = np.random.default_rng(0)
IS_DEFECT = np.arange(120) >= 90
EACH = np.arange(len(IS_DEFECT))
ALONE = [str(place) for place in EACH]
GOOD_ONLY = np.exp(0.1 * RANDOM.normal(size=120) + 0.15 * IS_DEFECT)
DEAF = RANDOM.normal(size=120)
"""A head that hears nothing."""


def _logits(strength: float) -> np.ndarray:
    return np.random.default_rng(1).normal(size=120) * 0.5 - 3 + strength * IS_DEFECT


def test_a_typical_good_part_keeps_its_score() -> None:
    gain = Gain(slope=0.2, centre=-3.0, least=-1.0)
    fusion = Fusion("sum", 1.0, {"pooled": gain})
    assert fusion.joined(np.array([1.7]), {"pooled": np.array([-3.0])}) == pytest.approx([1.7])


def _say(logits: np.ndarray, good_only: np.ndarray = GOOD_ONLY) -> float:
    """How far the head's factor moves a good part, against how far good-only scores do."""
    (gain,) = gains_of(good_only, {"pooled": logits}, IS_DEFECT).values()
    good = ~IS_DEFECT
    return float(np.log(gain.factor(logits[good])).std() / np.log(good_only[good]).std())


def test_the_voice_that_tells_the_defects_has_more_say_but_never_all() -> None:
    telling = DEAF[::-1] + 1.5 * IS_DEFECT
    rounding = 1e-9
    assert 1.2 < _say(telling, np.exp(0.1 * DEAF)) <= 3 + rounding
    assert 1 / 3 - rounding <= _say(DEAF, np.exp(0.1 * telling)) < 0.8


def test_two_voices_that_tell_alike_weigh_alike() -> None:
    logits = np.log(GOOD_ONLY) * 7 - 2
    assert _say(logits) == pytest.approx(1, rel=0.01)


def test_the_units_of_a_logit_do_not_matter() -> None:
    assert _say(_logits(2.0)) == pytest.approx(_say(_logits(2.0) * 50 - 9))


def test_a_huge_logit_stays_a_number() -> None:
    assert np.isfinite(Gain(1.0, 0.0, -1.0).factor(np.array([1e6]))).all()


def test_what_is_unlike_all_good_parts_is_not_talked_good_by_any_logit() -> None:
    logits = _logits(2.0)
    (gain,) = gains_of(GOOD_ONLY, {"pooled": logits}, IS_DEFECT).values()
    best_good = gain.factor(logits[~IS_DEFECT]).min()
    (foreign,) = Fusion("sum", 1.0, {"pooled": gain}).joined(np.array([20.0]), {"pooled": np.array([-1e6])})
    assert foreign == pytest.approx(20.0 * best_good)
    assert foreign > GOOD_ONLY[~IS_DEFECT].max()


def test_a_head_that_helps_is_heard() -> None:
    chosen = choose(GOOD_ONLY, {"pooled": _logits(2.0)}, IS_DEFECT, EACH, ALONE)
    assert chosen.fusion.choice == "sum"
    assert chosen.aurocs["sum"] > chosen.aurocs["good-only"] + 0.05


def test_a_head_that_hears_nothing_is_left_away() -> None:
    sharp = np.where(IS_DEFECT, 1.3, 1.0) * np.exp(0.1 * DEAF[::-1])
    chosen = choose(sharp, {"pooled": DEAF}, IS_DEFECT, EACH, ALONE)
    assert chosen.fusion.heads == ()
    assert chosen.aurocs["good-only"] > chosen.aurocs["sum"] + 0.01


def test_a_tie_goes_to_the_sum() -> None:
    perfect = np.where(IS_DEFECT, 50.0, 1.0) * GOOD_ONLY
    chosen = choose(perfect, {"pooled": _logits(30.0), "cell": _logits(30.0)}, IS_DEFECT, EACH, ALONE)
    assert set(chosen.aurocs.values()) == {1.0}
    assert chosen.fusion.choice == "sum"


def test_places_are_heard_where_only_they_know() -> None:
    chosen = choose(GOOD_ONLY, {"pooled": DEAF, "cell": _logits(4.0)}, IS_DEFECT, EACH, ALONE)
    assert chosen.fusion.choice == "cell"
    assert "cell" not in choose(GOOD_ONLY, {"pooled": DEAF}, IS_DEFECT, EACH, ALONE).aurocs


def test_a_candidate_that_is_ahead_by_less_than_chance_explains_is_not_taken() -> None:
    shaken = _logits(1.0) + 0.2 * np.random.default_rng(17).normal(size=120)
    chosen = choose(GOOD_ONLY, {"pooled": _logits(1.0), "cell": shaken}, IS_DEFECT, EACH, ALONE)
    assert chosen.aurocs["cell"] > chosen.aurocs["sum"] + 0.005
    assert chosen.fusion.choice == "sum"


def test_shots_of_the_same_parts_make_a_lead_no_clearer() -> None:
    shaken = _logits(1.0) + 0.2 * np.random.default_rng(17).normal(size=120)
    logits = {"pooled": np.tile(_logits(1.0), 10), "cell": np.tile(shaken, 10)}
    shots = np.tile(GOOD_ONLY, 10), logits, np.tile(IS_DEFECT, 10), np.arange(1200)
    assert choose(*shots, [str(number) for number in range(1200)]).fusion.choice == "cell"
    assert choose(*shots, ALONE * 10).fusion.choice == "sum"


def test_a_part_of_several_inputs_is_judged_by_their_mean() -> None:
    twice = np.repeat(EACH, 2)
    shaken = np.repeat(GOOD_ONLY, 2) * np.tile([0.5, 1.5], len(EACH))
    aurocs = choose(shaken, {"pooled": np.repeat(_logits(2.0), 2)}, np.repeat(IS_DEFECT, 2), twice, ALONE).aurocs
    alone = choose(GOOD_ONLY, {"pooled": _logits(2.0)}, IS_DEFECT, EACH, ALONE).aurocs
    assert aurocs["good-only"] == alone["good-only"]
