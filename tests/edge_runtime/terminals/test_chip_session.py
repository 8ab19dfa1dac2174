"""Pure: what a session says and hears, with the clock in hand."""

import pytest

from edge_contracts.serial_link import Frame, Heartbeat, Hello, State, StreamDecoder, Trigger
from edge_runtime.terminals.chip_news import Counted, Moments, PartSeen
from edge_runtime.terminals.chip_session import ChipSession, Clearance
from edge_runtime.terminals.wire import WireLost

MS = 1_000_000
HELLO = Hello(7, 1, 1_000_000, 16, "1.0", "b")


def session(clearance=None, moments=None, hello=HELLO):
    return ChipSession(hello, moments or Moments(), 0, 100, clearance or Clearance())


def beats(one, now_ns, *, may_run=True):
    return [frame.message for frame in StreamDecoder().feed(one.beat(now_ns, may_run=may_run))]


def state(tick=0, count=0, part=0):
    return Frame(State(tick, count, part, 1, 1))


def test_five_heartbeats_are_said_in_the_time_that_one_counts():
    one = session()
    one.hear(state(), 0)
    said = [beats(one, now * MS) for now in range(100)]
    assert sum(map(len, said)) == 5
    assert said[0] == [Heartbeat(1, 100)]


def test_the_line_may_not_run_before_the_microcontroller_has_said_where_it_stands():
    one = session()
    assert beats(one, 0) == [Heartbeat(0, 100)]
    one.hear(state(), 5 * MS)
    assert beats(one, 20 * MS) == [Heartbeat(1, 100)]


def test_it_may_not_run_while_somebody_says_why_not():
    one = session()
    one.hear(state(), 0)
    assert beats(one, 0, may_run=False) == [Heartbeat(0, 100)]


def test_the_line_may_not_run_while_nothing_was_heard_for_as_long_as_a_heartbeat_counts():
    one = session()
    one.hear(state(), 10 * MS)
    assert beats(one, 110 * MS) == [Heartbeat(1, 100)]
    assert beats(one, 131 * MS) == [Heartbeat(0, 100)]
    one.hear(state(), 132 * MS)
    assert beats(one, 152 * MS) == [Heartbeat(1, 100)]


@pytest.mark.parametrize(
    ("clearance", "later", "clear"),
    [
        (Clearance(0.4), state(1_399_999, 0, 9), False),
        (Clearance(0.4), state(1_400_000, 0, 9), True),
        (Clearance(0, 250), state(99_000_000, 1249, 9), False),
        (Clearance(0, 250), state(99_000_000, 1250, 9), True),
        (Clearance(0, 250), state(99_000_000, 999, 9), False),
        (Clearance(0, 250), state(99_000_000, (1000 - 250) % 2**32, 9), False),
        (Clearance(0.4), state(1_400_000, 999, 9), True),
    ],
)
def test_parts_of_an_earlier_session_are_past_the_gate_before_the_line_may_run(clearance, later, clear):
    one = session(clearance)
    one.hear(state(1_000_000, 1000, 9), 0)
    assert beats(one, 0) == [Heartbeat(0, 100)]
    one.hear(later, 1 * MS)
    assert beats(one, 20 * MS) == [Heartbeat(int(clear), 100)]


@pytest.mark.parametrize(
    ("first", "later", "clear"),
    [
        (5000, 4999, False),
        (5000, 5000 - 2**31 + 1, False),
        (2**32 - 100_000, 299_999, False),
        (2**32 - 100_000, 300_000, True),
    ],
)
def test_a_clock_that_is_behind_has_cleared_nothing_and_one_that_wraps_around_goes_on(first, later, clear):
    one = session(Clearance(0.4))
    one.hear(state(first), 0)
    one.hear(state(later % 2**32), 1 * MS)
    assert beats(one, 0) == [Heartbeat(int(clear), 100)]


def test_an_encoder_that_wraps_around_has_moved_on():
    one = session(Clearance(0, 250))
    one.hear(state(0, 2**32 - 100, 9), 0)
    one.hear(state(1, 149, 9), 0)
    assert beats(one, 0) == [Heartbeat(0, 100)]
    one.hear(state(2, 150, 9), 0)
    assert beats(one, 20 * MS) == [Heartbeat(1, 100)]


def test_a_microcontroller_that_counted_no_part_may_have_started_anew_over_some():
    one = session(Clearance(3.0))
    one.hear(state(1_000, 0, 0), 0)
    one.hear(state(3_000_999, 0, 0), 0)
    assert beats(one, 0) == [Heartbeat(0, 100)]
    one.hear(state(3_001_000, 0, 0), 0)
    assert beats(one, 20 * MS) == [Heartbeat(1, 100)]


def test_a_gap_in_the_numbers_is_parts_that_could_not_be_told():
    one = session()
    assert one.hear(Frame(Trigger(5, 0, 1000), 1), 2 * MS) == PartSeen(2 * MS, 5, 0)
    assert one.hear(Frame(Trigger(9, 0, 2000), 2), 3 * MS) == PartSeen(3 * MS, 9, 3)


def test_a_gap_in_the_numbers_over_a_lost_line_is_parts_that_could_not_be_told():
    moments = Moments()
    session(moments=moments).hear(Frame(Trigger(5, 0, 1000), 1), 2 * MS)
    again = session(moments=moments)
    again.hear(state(part=8), 3 * MS)
    assert again.hear(Frame(Trigger(9, 0, 2000), 1), 4 * MS) == PartSeen(4 * MS, 9, 3)
    assert [moments.number_at(4 * MS - behind) for behind in range(4)] == [9, 8, 7, 6]


@pytest.mark.parametrize(("stands_at", "alone"), [(8, [6, 7, 8]), (6, [6]), (None, [6, 7, 8])])
def test_unheard_parts_that_came_before_the_session_came_alone(stands_at, alone):
    moments = Moments()
    session(moments=moments).hear(Frame(Trigger(5, 0, 1000), 1), 2 * MS)
    again = session(moments=moments)
    if stands_at is not None:
        again.hear(state(part=stands_at), 3 * MS)
    again.hear(Frame(Trigger(9, 0, 2000), 1), 4 * MS)
    again.hear(state(part=9), 4 * MS)
    again.hear(Frame(Trigger(11, 0, 3000), 2), 5 * MS)
    known = [at_ns for at_ns in range(2 * MS, 5 * MS + 1) if moments.number_at(at_ns) is not None]
    assert [moments.number_at(at_ns) for at_ns in known] == [5, 6, 7, 8, 9, 10, 11]
    assert [moments.number_at(at_ns) for at_ns in known if moments.came_alone(at_ns)] == alone


@pytest.mark.parametrize("says_where_it_stands", [True, False])
def test_numbers_of_a_microcontroller_that_began_anew_count_from_1(says_where_it_stands, caplog):
    moments = Moments()
    seen = session(moments=moments).hear(Frame(Trigger(500, 0, 1000), 1), 2 * MS)
    again = session(moments=moments)
    if says_where_it_stands:
        again.hear(state(part=2), 3 * MS)
    assert again.hear(Frame(Trigger(3, 0, 2000), 1), 4 * MS) == PartSeen(4 * MS, 3, 2)
    assert again.hear(Frame(Trigger(4, 0, 3000), 2), 5 * MS) == PartSeen(5 * MS, 4, 0)
    assert moments.number_at(seen.at_ns) is None
    assert caplog.text.count("counts parts anew") == 1


def test_a_part_of_its_earlier_life_has_no_number_that_another_part_may_have():
    moments = Moments()
    seen = session(moments=moments).hear(Frame(Trigger(1, 0, 1000), 1), 2 * MS)
    session(moments=moments).hear(state(part=0), 3 * MS)
    assert moments.number_at(seen.at_ns) is None


def test_another_boards_numbers_are_no_gap():
    moments = Moments()
    session(moments=moments).hear(Frame(Trigger(5, 0, 1000), 1), 2 * MS)
    other = session(moments=moments, hello=Hello(8, 1, 1_000_000, 16, "1.0", "c"))
    assert other.hear(Frame(Trigger(900, 0, 2000), 1), 3 * MS) == PartSeen(3 * MS, 900, 0)


def test_numbers_that_leap_are_one_part_and_a_line_in_the_log(caplog):
    moments = Moments()
    session(moments=moments).hear(Frame(Trigger(5, 0, 1000), 1), 2 * MS)
    leapt = session(moments=moments).hear(Frame(Trigger(2**31, 0, 2000), 1), 3 * MS)
    assert leapt == PartSeen(3 * MS, 2**31, 1)
    assert "leapt from 5 to 2147483648" in caplog.text


def test_a_part_that_was_told_late_has_the_moment_of_its_edge():
    one = session()
    one.hear(state(10_000), 50 * MS)
    assert one.hear(Frame(Trigger(1, 0, 20_000), 1), 190 * MS) == PartSeen(60 * MS, 1, 0)


def test_counts_are_told_as_they_stand():
    assert session().hear(state(0, 77), 3) == Counted(3, 77)


def test_a_microcontroller_that_started_anew_is_a_lost_line():
    with pytest.raises(WireLost, match="has started anew or has ended it"):
        session().hear(Frame(Hello(0, 1, 1_000_000, 16, "1.0", "b")), 1)


def test_a_hello_of_this_session_changes_nothing():
    assert session().hear(Frame(HELLO), 1) is None


def test_a_microcontroller_that_is_silent_is_a_lost_line():
    one = session()
    for now in range(0, 1000, 20):
        one.beat(now * MS, may_run=True)
    with pytest.raises(WireLost, match="wanted a sign of life, found none for 1020 ms"):
        one.beat(1020 * MS, may_run=True)
