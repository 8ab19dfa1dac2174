from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.outbox.commit_window import ArrivalRate, WindowRule

RULE = WindowRule()
rates = st.floats(0, 1e6)
rules = st.builds(WindowRule, st.floats(0, 1), st.floats(0, 2))


@given(rules, st.floats(0, 4))
def test_a_calm_station_never_waits_longer_than_the_shortest_window(rule: WindowRule, rate_hz: float) -> None:
    assert rule.wait_s(rate_hz) == rule.shortest_s


@given(rules, rates)
def test_the_wait_stays_between_the_two_windows(rule: WindowRule, rate_hz: float) -> None:
    assert rule.shortest_s <= rule.wait_s(rate_hz) <= max(rule.shortest_s, rule.longest_s)


@given(rules, rates, rates)
def test_more_load_never_makes_smaller_commits(rule: WindowRule, one_hz: float, other_hz: float) -> None:
    less, more = sorted((one_hz, other_hz))
    assert more * rule.wait_s(more) >= less * rule.wait_s(less) * (1 - 1e-9)


@given(rules, rates)
def test_nobody_waits_for_more_company_than_is_enough(rule: WindowRule, rate_hz: float) -> None:
    wait_s = rule.wait_s(rate_hz)
    assert wait_s == rule.shortest_s or wait_s * rate_hz <= rule.company * (1 + 1e-9)


@given(st.floats(0, 1))
def test_the_wait_grows_without_a_jump(rate: float) -> None:
    rate_hz = rate * 40
    assert abs(RULE.wait_s(rate_hz + 0.01) - RULE.wait_s(rate_hz)) < 0.01


def test_twenty_alerts_per_second_wait_for_the_longest_window() -> None:
    assert RULE.wait_s(20.0) == RULE.longest_s


def test_a_longest_window_below_the_shortest_changes_nothing() -> None:
    assert WindowRule(0.5, 0.1).wait_s(100.0) == 0.5


@given(st.floats(0.1, 200), st.integers(0, 1000))
def test_even_arrivals_are_estimated_at_their_rate(rate_hz: float, start_s: int) -> None:
    rate = ArrivalRate()
    last_s = float(start_s)
    for number in range(max(4, int(20 * rate_hz))):
        last_s = start_s + number / rate_hz
        rate.arrived(last_s)
    between_s = last_s + 0.5 / rate_hz
    assert abs(rate.hz(between_s) - rate_hz) <= 0.1 * rate_hz + 0.3


@given(st.integers(0, 10_000))
def test_chance_arrivals_of_two_per_second_count_as_calm(seed: int) -> None:
    draw, rate, now_s, busy = random.Random(seed), ArrivalRate(), 0.0, 0
    for _ in range(400):
        now_s += draw.expovariate(2.0)
        rate.arrived(now_s)
        busy += RULE.wait_s(rate.hz(now_s)) > 0.15
    assert busy < 20, "fewer than one in twenty may wait longer than 150 ms"


@given(st.floats(0, 1e9), st.floats(0, 100))
def test_a_silent_station_becomes_calm_again(start_s: float, silence_s: float) -> None:
    rate = ArrivalRate()
    for _ in range(100):
        rate.arrived(start_s)
    found = [rate.hz(start_s + part * silence_s) for part in (0, 0.5, 1)]
    assert found == sorted(found, reverse=True)
    assert rate.hz(start_s + 60) < RULE.calm_hz


def test_a_moment_read_out_of_turn_moves_no_time_back() -> None:
    rate = ArrivalRate()
    for at_s in (10.0, 9.9, 10.0):
        rate.arrived(at_s)
    assert rate.hz(10.0) == 1.0
