from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.people.delay_rule import ACCOUNT, ADDRESS, FORGIVEN_EVERY_MS, PAIR, Count, DelayRule

rules = st.builds(DelayRule, free=st.integers(0, 40), longest_ms=st.integers(1, 3_600_000))
HOUR_MS = 3_600_000


def failing(rule, times, now_ms=0):
    """Somebody who tries again as soon as they may."""
    count = Count(0, now_ms, now_ms)
    for _ in range(times):
        now_ms = max(now_ms, count.free_from_ms)
        count = count.failed(now_ms, rule)
    return count, now_ms


def test_the_delay_doubles_after_the_free_ones():
    assert [PAIR.delay_ms(failures) // 1000 for failures in range(15)] == [
        0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900,
    ]  # fmt: skip


@given(rules, st.integers(0, 10**9))
def test_no_delay_is_longer_than_the_longest(rule, failures):
    assert 0 <= rule.delay_ms(failures) <= rule.longest_ms
    assert rule.delay_ms(failures) <= rule.delay_ms(failures + 1)
    assert rule.delay_ms(rule.most) == rule.longest_ms


@pytest.mark.parametrize("rule", [PAIR, ADDRESS, ACCOUNT])
def test_everything_is_forgiven_within_a_day(rule):
    count, now_ms = failing(rule, 1_000)
    assert count.at(now_ms + 24 * HOUR_MS, rule).failures == 0


@pytest.mark.parametrize(("rule", "most"), [(PAIR, 110), (ADDRESS, 140), (ACCOUNT, 2_910)])
def test_a_day_has_room_for_so_many_guesses(rule, most):
    count, now_ms, guesses = Count(0, 0, 0), 0, 0
    while now_ms < 24 * HOUR_MS:
        count, guesses = count.failed(now_ms, rule), guesses + 1
        now_ms = max(now_ms, count.free_from_ms)
    assert guesses <= most


def test_one_failure_is_forgiven_each_quarter_of_an_hour_also_when_others_come_between():
    count = Count(0, 0, 0)
    for minute in range(0, 600, 10):
        count = count.failed(minute * 60_000, ADDRESS)
    assert count.failures == 60 - 590 // 15
    assert count.at(600 * 60_000 + 5 * FORGIVEN_EVERY_MS, ADDRESS).failures == count.failures - 6


@given(rules, st.lists(st.integers(0, HOUR_MS), max_size=20), st.integers(-(10**12), 10**12))
def test_a_clock_that_jumps_keeps_nobody_out_for_longer_than_the_longest_delay(rule, pauses, jump_ms):
    count, now_ms = Count(0, 0, 0), 0
    for pause_ms in pauses:
        now_ms += pause_ms
        count = count.failed(now_ms, rule)
    now_ms += jump_ms
    assert count.at(now_ms, rule).free_from_ms - now_ms <= rule.longest_ms


def test_what_was_right_is_one_failure_less_and_no_wait():
    count, now_ms = failing(PAIR, 6)
    assert count.forgiven(now_ms, PAIR) == Count(5, 0, now_ms)
    assert Count(0, 0, 0).forgiven(7, PAIR) == Count(0, 7, 7)
