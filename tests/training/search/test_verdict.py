"""The best of many trials flatters itself: the usual recipe stays unless another is clearly better."""

from dataclasses import replace

import numpy as np
import pytest

from converters.gate.metrics import auroc
from edge_contracts.errors import BadInputError, RefusedError
from training.confidence import auroc_difference
from training.search.judged import Judged, Limits
from training.search.rounds import Tried
from training.search.verdict import chosen

USUAL = {"detector": "auto"}
NO_LIMITS = Limits()
GOOD, BAD = tuple(range(1, 21)), tuple(range(11, 31))


def tried(number, quality, ms=1.0, size=1000, good=(), defective=(), detector="auto"):
    return Tried(number, {"detector": detector}, Judged(quality, size, ms, good, defective, parts=100), "", 1.0)


def test_on_good_parts_the_usual_one_is_left_for_half_as_much_again_and_not_for_less():
    usual = tried(0, 2.0)
    near, far = tried(1, 2.9, detector="memory"), tried(2, 3.1, detector="student")
    assert chosen([usual, near], "separation", USUAL, NO_LIMITS) == usual
    assert chosen([usual, near, far], "separation", USUAL, NO_LIMITS) == far


def test_with_defects_the_usual_one_is_left_for_more_than_chance():
    usual = tried(0, 0.87, good=GOOD, defective=BAD)
    lucky = tried(1, 0.88, good=GOOD, defective=(*BAD[:-1], 31), detector="memory")
    better = tried(2, 1.0, good=GOOD, defective=tuple(range(31, 51)), detector="student")
    assert chosen([usual, lucky], "auroc", USUAL, NO_LIMITS) == usual
    assert chosen([usual, lucky, better], "auroc", USUAL, NO_LIMITS) == better


def test_one_that_is_ahead_by_less_than_a_standard_error_is_not_taken():
    """Ahead it is: by a twentieth of the error."""
    usual = tried(0, 0.87, good=GOOD, defective=BAD)
    ahead = tried(1, 0.875, good=GOOD, defective=(*BAD[:5], 17, *BAD[6:]), detector="memory")
    scores = [np.array([*one.judged.good, *one.judged.defective]) for one in (ahead, usual)]
    difference = auroc_difference(scores[0], scores[1], np.arange(40) >= 20)
    assert 0 < difference.value < difference.error
    assert chosen([usual, ahead], "auroc", USUAL, NO_LIMITS) == usual


def test_shots_of_the_same_parts_make_a_lead_no_clearer():
    """Each part of the test before, photographed ten times."""
    good, before, after = (one * 10 for one in (GOOD, BAD, (*BAD[:5], 17, *BAD[6:])))
    groups = (*(number % 20 for number in range(200)), *(20 + number % 20 for number in range(200)))
    usual, ahead = (Judged(0.87, 1, 1.0, good, one, groups=groups) for one in (before, after))
    found = [replace(tried(number, 0.87 + number / 200), judged=one) for number, one in enumerate((usual, ahead))]
    found[1] = replace(found[1], params={"detector": "memory"}, judged=replace(ahead, quality=0.875))
    assert chosen(found, "auroc", USUAL, NO_LIMITS) == found[0]


@pytest.mark.parametrize("count", [1, 30])
def test_of_many_that_are_no_better_one_is_taken_as_seldom_as_of_one(count):
    """40 good and 15 defective parts, scores correlated by .9: one standard error would take one of 30 in 71 %."""
    random, left = np.random.default_rng(0), 0
    for _ in range(100):
        shared = np.concatenate([random.normal(0, 1, 40), random.normal(1.5, 1, 15)])
        trials = []
        for number in range(count + 1):
            scores = shared + random.normal(0, 1 / 3, 55)
            quality = auroc(scores[:40], scores[40:])
            name = "auto" if number == 0 else f"other {number}"
            trials.append(tried(number, quality, good=tuple(scores[:40]), defective=tuple(scores[40:]), detector=name))
        left += chosen(trials, "auroc", USUAL, NO_LIMITS) != trials[0]
    assert left <= 25


def test_where_the_usual_one_passes_a_limit_the_best_of_the_others_is_taken():
    usual = tried(0, 0.9, ms=9.0, good=GOOD, defective=BAD)
    one = tried(3, 0.87, good=GOOD, defective=BAD, detector="memory")
    better = tried(4, 0.88, good=GOOD, defective=(*BAD[:-1], 31), detector="student")
    assert chosen([better, usual, one], "auroc", USUAL, Limits(most_ms=2.0)) == better


def test_while_the_usual_one_still_runs_nothing_is_taken():
    """Another process tries it: what is ahead until then is not known to be better."""
    with pytest.raises(BadInputError, match="found that it still runs"):
        chosen([tried(4, 0.88, detector="student")], "separation", USUAL, NO_LIMITS)


def test_a_network_is_left_for_one_that_is_ahead_by_more_than_a_standard_error():
    usual = tried(0, 0.9)  # of 100 pictures: 0.03
    lucky, better = tried(1, 0.92, detector="other"), tried(2, 0.95, detector="another")
    assert chosen([usual, lucky], "score", USUAL, NO_LIMITS) == usual
    assert chosen([usual, lucky, better], "score", USUAL, NO_LIMITS) == better


def test_of_those_that_are_as_good_the_smaller_one_is_taken():
    usual = tried(0, 0.5)
    large, small = tried(1, 0.9, size=2000, detector="other"), tried(2, 0.9, size=1000, detector="another")
    assert chosen([usual, large, small], "score", USUAL, NO_LIMITS) == small


def test_what_passes_a_limit_is_not_taken_however_good_and_usual():
    slow, quick = tried(0, 9.0, ms=5.0), tried(1, 1.0, ms=0.5, detector="memory")
    assert chosen([slow, quick], "separation", USUAL, Limits(most_ms=2.0)) == quick
    with pytest.raises(RefusedError, match=r"none among 2 trials \(the least: 0.50 ms; 1,000 bytes\)"):
        chosen([slow, quick], "separation", USUAL, Limits(most_bytes=10))


def test_without_a_judged_trial_nothing_is_taken():
    with pytest.raises(BadInputError, match="give more --minutes"):
        chosen([Tried(0, USUAL, None, "no", 1.0)], "score", USUAL, NO_LIMITS)
