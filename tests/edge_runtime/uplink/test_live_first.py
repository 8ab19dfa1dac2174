"""After an outage: what is new overtakes the backlog, the backlog keeps its pace, and nothing is left behind."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.message import SEQ_MAX
from edge_runtime.uplink.go_back_n import GoBackN, Portion, ResendRules

RULES = ResendRules(window=4, first_s=2.0, backlog_per_s=2.0)


WIDE = ResendRules(window=16, first_s=2.0, backlog_per_s=2.0)


def after_an_outage(backlog: int, rules: ResendRules = RULES) -> GoBackN:
    window = GoBackN(rules)
    window.begin(1, backlog)
    return window


def test_what_waited_is_the_backlog_and_what_comes_is_live() -> None:
    assert after_an_outage(10).portions(0.0) == [Portion(11, SEQ_MAX, 4), Portion(1, 10, 4)]


def test_without_a_backlog_there_is_one_stream() -> None:
    assert after_an_outage(0).portions(0.0) == [Portion(1, SEQ_MAX, 4)]


def test_a_backlog_that_goes_at_once_is_not_overtaken() -> None:
    window = after_an_outage(2)
    assert window.portions(0.0) == [Portion(1, 2, 4)]
    window.sent(1, 0.0)
    window.sent(2, 0.0)
    assert window.portions(0.0) == [Portion(3, SEQ_MAX, 2)]
    assert window.wait_s(3, 0.0) == 0.0


def test_live_rows_wait_for_the_brokers_word_and_not_for_the_managers() -> None:
    window = after_an_outage(10)
    for seq in (11, 12, 13, 14):
        window.sent(seq, 0.0)
    assert [portion.first for portion in window.portions(0.0)] == [1]
    window.answered(12)
    assert window.portions(0.0)[0] == Portion(15, SEQ_MAX, 1)


def test_live_rows_alone_start_no_silence_because_nothing_could_be_acknowledged() -> None:
    window = after_an_outage(10)
    window.sent(11, 0.0)
    assert window.deadline_s is None
    window.sent(1, 0.5)
    assert window.deadline_s == 2.5


def test_the_backlog_keeps_its_pace_behind_a_first_window() -> None:
    window = after_an_outage(100)
    for seq in (1, 2, 3, 4):
        window.sent(seq, 0.0)
    window.acknowledged(4, 100, 0.1)
    assert window.portions(0.1) == [Portion(101, SEQ_MAX, 4)]
    assert window.wait_s(100, 0.1) == 1.9
    assert window.portions(2.0) == [Portion(101, SEQ_MAX, 4), Portion(5, 100, 4)]


def test_behind_the_backlog_both_are_one_stream_again() -> None:
    window = after_an_outage(2)
    for seq in (3, 1, 2):
        window.sent(seq, 0.0)
    assert not window.has_backlog
    assert window.portions(0.0) == [Portion(4, SEQ_MAX, 1)]
    window.acknowledged(3, 3, 0.1)
    assert (window.base, window.next_row, window.deadline_s) == (4, 4, None)


def test_a_backlog_that_the_manager_had_all_along_is_not_sent() -> None:
    window = after_an_outage(10)
    window.sent(11, 0.0)
    window.sent(1, 0.0)
    window.acknowledged(11, 11, 0.1)
    assert window.portions(0.1) == [Portion(12, SEQ_MAX, 4)]


def test_silence_makes_everything_unacknowledged_the_backlog_of_what_comes_next() -> None:
    window = after_an_outage(2)
    for seq in (3, 1, 2):
        window.sent(seq, 0.0)
    window.look(5, 2.0)
    assert [(portion.first, portion.last) for portion in window.portions(9.0)] == [(6, SEQ_MAX), (1, 5)]


def test_an_empty_stretch_of_live_places_leaves_the_backlog_where_it_is() -> None:
    window = after_an_outage(10)
    live, backlog = window.portions(0.0)
    window.exhausted(live, 10)
    assert (window.next_row, window.next_live) == (1, 11)
    window.exhausted(backlog, 10)
    assert not window.has_backlog


class Simulation:
    """A station whose rows come by and by, and a manager that may forget what the wire brings it."""

    def __init__(self, draw: random.Random, loss: float, backlog: int, rules: ResendRules = RULES) -> None:
        self.draw, self.loss, self.now_s = draw, loss, 0.0
        self.last_seq, self.stored = backlog, set[int]()
        self.window = after_an_outage(backlog, rules)
        self.sent: list[tuple[float, int]] = []

    def turn(self, new: int) -> None:
        self.last_seq += new
        self.now_s += 0.25
        self.window.look(self.last_seq, self.now_s)
        self.pump()
        if self.window.wait_s(self.last_seq, self.now_s) == 0:
            self.pump()
        through = next(seq for seq in range(self.last_seq + 2) if seq + 1 not in self.stored)
        if self.draw.random() >= self.loss:
            self.window.acknowledged(through, self.last_seq, self.now_s)

    def pump(self) -> None:
        for portion in self.window.portions(self.now_s):
            for seq in range(portion.first, min(portion.last, self.last_seq, portion.first + portion.most - 1) + 1):
                self.send(seq)

    def send(self, seq: int) -> None:
        self.sent.append((self.now_s, seq))
        self.window.sent(seq, self.now_s)
        if self.draw.random() >= self.loss:
            self.stored.add(seq)
        self.window.answered(seq)


@settings(deadline=None)
@given(st.integers(0, 9999), st.sampled_from([0.0, 0.3]), st.integers(0, 30), st.lists(st.integers(0, 2), max_size=30))
def test_every_row_is_stored_and_acknowledged_in_the_end(seed: int, loss: float, backlog: int, new: list[int]) -> None:
    here = Simulation(random.Random(seed), loss, backlog)
    for count in new:
        here.turn(count)
    for _ in range(4000):
        if here.window.base > here.last_seq:
            break
        assert here.window.wait_s(here.last_seq, here.now_s) is not None, "somebody must look again"
        here.turn(0)
    assert here.stored == set(range(1, here.last_seq + 1))
    assert here.window.base == here.last_seq + 1


@settings(deadline=None)
@given(st.integers(0, 9999), st.integers(20, 60), st.lists(st.integers(0, 2), min_size=10, max_size=40))
def test_on_a_wire_that_works_no_live_row_waits_for_the_backlog(seed: int, backlog: int, new: list[int]) -> None:
    here = Simulation(random.Random(seed), 0.0, backlog, WIDE)
    for count in new:
        first = here.last_seq + 1
        here.turn(count)
        for seq in range(first, here.last_seq + 1):
            assert (here.now_s, seq) in here.sent


@settings(deadline=None)
@given(st.integers(0, 9999), st.sampled_from([0.0, 0.3]), st.integers(10, 60))
def test_the_backlog_never_runs_faster_than_its_pace(seed: int, loss: float, backlog: int) -> None:
    here = Simulation(random.Random(seed), loss, backlog)
    for _ in range(100):
        here.turn(0)
    for begin_s, _ in here.sent:
        within = sum(begin_s <= at_s < begin_s + 3.0 for at_s, _ in here.sent)
        assert within <= RULES.window + 3.0 * RULES.backlog_per_s
