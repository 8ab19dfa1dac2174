"""The pulse comes for the right part, at the right tick, and for nobody else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.serial_link import Ack, By, Frame, Heartbeat, Identify, Nak, Reason, Reject, Trigger
from tests.fakes.firmware import sealed, simulated_firmware

MS = 1000
SECOND = 1_000_000


class Gate:
    """A model with an open session, and a daemon's end that acknowledges and counts."""

    def __init__(self, firmware, session=5):
        self.firmware, self.said = firmware, 0
        firmware.hear(Frame(Identify(session)), Frame(Heartbeat(1, 100)))

    def at(self, tick, count=None):
        """Move on, with a heartbeat."""
        self.firmware.at(tick, count)
        return self.firmware.hear(Frame(Heartbeat(1, 100))).rejects

    def part(self):
        """A part; its number as it was told."""
        (told,) = self.firmware.part().frames
        self.firmware.hear(Frame(Ack(told.sequence)))
        return told.message.part

    def reject(self, part, delay=100 * MS, length=10 * MS, by=By.TICKS):
        self.said = (self.said + 1) % 256
        (answer,) = self.firmware.hear(Frame(Reject(part, by, delay, length), self.said)).frames
        return answer.message


@pytest.fixture
def gate(firmware):
    return Gate(firmware)


def test_a_part_is_told_with_its_number_its_tick_and_its_count(gate):
    gate.at(77 * MS, 1234)
    assert gate.firmware.part().frames == [Frame(Trigger(1, 1234, 77 * MS), 1)]


def test_the_pulse_begins_and_ends_to_the_tick(gate):
    part = gate.part()
    assert gate.reject(part) == Ack(1)
    for tick, active in [(100 * MS - 1, False), (100 * MS, True), (110 * MS - 1, True), (110 * MS, False)]:
        assert gate.at(tick) is active, tick


def test_the_delay_counts_from_the_trigger_however_late_it_is_said(gate):
    part = gate.part()
    gate.at(99 * MS)
    gate.reject(part)
    assert gate.at(100 * MS)
    assert not gate.at(110 * MS)


def test_parts_that_nobody_rejects_pass(gate):
    first, second, third = (gate.at(tick * 50 * MS) or gate.part() for tick in range(3))
    gate.reject(second, delay=200 * MS)
    assert [gate.at(tick * 50 * MS + 1) for tick in range(2, 10)] == [False] * 3 + [True] + [False] * 4
    assert (first, second, third) == (1, 2, 3)


def test_a_reject_that_comes_too_late_is_refused_and_hits_nobody(gate):
    part = gate.part()
    gate.at(100 * MS + 1)
    assert gate.reject(part) == Nak(1, Reason.LATE)
    assert not any(gate.at(tick * MS) for tick in range(101, 300, 7))


def test_a_reject_said_again_is_done_once(gate):
    part = gate.part()
    assert gate.reject(part) == Ack(1)
    assert gate.reject(part, delay=50 * MS) == Ack(2)
    assert not gate.at(60 * MS)
    assert gate.at(100 * MS)
    assert not gate.at(120 * MS)
    assert gate.reject(part) == Ack(3)
    assert not gate.at(121 * MS)


def test_the_same_frame_again_is_answered_and_not_done(gate):
    part = gate.part()
    again = Frame(Reject(part, By.TICKS, 100 * MS, 10 * MS), 1)
    assert gate.firmware.hear(again, again, again).frames == [Frame(Ack(1))] * 3


@pytest.mark.parametrize("part", [2, 3, 4_000_000_000, 2**32 - 2])
def test_a_part_that_did_not_come_is_unknown(gate, part):
    gate.part()
    assert gate.reject(part) == Nak(1, Reason.UNKNOWN_PART)


def test_a_part_that_is_too_many_parts_ago_is_unknown(gate):
    for tick in range(17):
        gate.at(tick * MS)
        gate.part()
    assert gate.reject(1) == Nak(1, Reason.UNKNOWN_PART)
    assert gate.reject(2) == Ack(2)


def test_a_reject_out_of_its_range_is_refused(gate):
    data = bytes.fromhex("01110101" + "01000000" + "00" + "64000000" + "00000000")
    assert gate.firmware.hear_bytes(sealed(data)).frames == [Frame(Nak(1, Reason.BAD_VALUE))]


@pytest.mark.parametrize("late", [2**30, 2**31 + 200 * MS, 2**32 + 50 * MS, 2**33 + 50 * MS])
@pytest.mark.parametrize("by", By)
def test_a_part_stays_late_however_often_clock_and_encoder_wrap_around(gate, by, late):
    part = gate.part()
    for moved in range(2**30, late, 2**30):
        gate.at(moved, moved)
    assert not gate.at(late, late)
    assert gate.reject(part, by=by) == Nak(1, Reason.LATE)
    assert not any(gate.at(late + step * MS, late + step * MS) for step in (49, 51, 101))


def test_a_part_that_is_kept_where_one_was_long_past_is_new(gate):
    gate.part()
    gate.at(2**30, 2**30)
    assert [gate.part() for _ in range(16)][-1] == 17
    assert gate.reject(17) == Ack(1)
    assert gate.reject(16, by=By.COUNTS) == Ack(2)


def test_a_belt_that_stood_for_hours_still_has_its_part(gate):
    part = gate.part()
    for hour in range(1, 5):
        assert not gate.at(hour * 2**30, 2**32 - 20)
    assert gate.reject(part, delay=250, by=By.COUNTS) == Ack(1)
    assert not gate.at(5 * 2**30, 249)
    assert gate.at(5 * 2**30 + 1, 250)


def test_the_longest_delay_counts(gate):
    part = gate.part()
    assert not gate.at(2**30 - 2)
    assert gate.reject(part, delay=2**30 - 1) == Ack(1)
    assert gate.at(2**30 - 1)


def test_pulses_that_touch_are_one(gate):
    first = gate.part()
    gate.at(5 * MS)
    second = gate.part()
    gate.reject(first)
    gate.reject(second)
    assert [gate.at(tick * MS) for tick in (99, 100, 109, 110, 114, 115)] == [False, True, True, True, True, False]


def test_by_counts_the_pulse_waits_for_the_belt(gate):
    gate.at(0, 5000)
    part = gate.part()
    gate.reject(part, delay=250, by=By.COUNTS)
    assert not gate.at(SECOND, 5100)
    assert not gate.at(3600 * SECOND, 5249)
    assert gate.at(3600 * SECOND + 50 * MS, 5250)
    assert gate.at(3600 * SECOND + 59 * MS, 5251)
    assert not gate.at(3600 * SECOND + 60 * MS, 5251)


def test_by_counts_a_part_past_the_gate_is_late(gate):
    gate.at(0, 5000)
    part = gate.part()
    gate.at(MS, 5251)
    assert gate.reject(part, delay=250, by=By.COUNTS) == Nak(1, Reason.LATE)


def test_a_pulse_is_seen_even_where_the_firmware_looked_late(gate):
    gate.reject(gate.part())
    assert not gate.at(95 * MS)
    assert gate.firmware.at(150 * MS).rejects
    assert not gate.firmware.at(150 * MS).rejects


def test_clock_and_encoder_may_wrap_around(firmware):
    firmware.at(2**32 - 50 * MS, 2**32 - 100)
    gate = Gate(firmware)
    by_tick, by_count = gate.part(), gate.part()
    gate.reject(by_tick)
    gate.reject(by_count, delay=200, by=By.COUNTS)
    assert not gate.at(49 * MS, 2**32 - 1)
    assert gate.at(50 * MS, 2**32 - 1)
    assert not gate.at(60 * MS, 99)
    assert gate.at(61 * MS, 100)


def test_more_parts_before_the_gate_than_it_remembers_reject_all_of_them(gate):
    gate.reject(gate.part(), delay=SECOND)
    for tick in range(1, 16):
        gate.at(tick * MS)
        gate.part()
    assert not gate.at(16 * MS)
    told = gate.firmware.part()
    assert told.rejects
    assert [frame.message.session for frame in told.frames] == [0]
    assert gate.firmware.hear(Frame(Heartbeat(1, 100))).rejects


def test_a_part_whose_pulse_is_under_way_is_not_forgotten_either(gate):
    gate.reject(gate.part(), delay=10 * MS, length=90 * MS)
    for tick in range(1, 16):
        gate.at(tick * MS)
        gate.part()
    assert [frame.message.session for frame in gate.firmware.part().frames] == [0]


def test_what_was_ordered_outlives_a_lost_session(gate):
    gate.reject(gate.part())
    Gate(gate.firmware, session=6)
    assert not gate.at(99 * MS)
    assert gate.at(100 * MS)


def test_parts_are_told_again_until_they_are_acknowledged_and_in_order(gate):
    first = gate.firmware.part().frames
    assert gate.firmware.part().frames == []
    assert gate.firmware.at(30 * MS - 1).frames == []
    assert gate.firmware.at(30 * MS).frames == first
    gate.firmware.hear(Frame(Ack(9)))
    assert gate.firmware.hear(Frame(Ack(1))).frames == [Frame(Trigger(2, 0, 0), 2)]


def test_a_trigger_said_again_is_the_same_where_its_part_was_rejected_meanwhile(gate):
    gate.at(77 * MS, 1234)
    told = gate.firmware.part().frames
    assert gate.reject(1) == Ack(1)
    assert gate.firmware.at(107 * MS, 1300).frames == told


def test_a_trigger_said_again_is_the_same_where_its_part_is_no_longer_remembered(gate):
    told = gate.firmware.part().frames
    for tick in range(1, 20):
        gate.firmware.at(tick * MS)
        gate.firmware.part()
    assert gate.firmware.at(30 * MS).frames == told


def test_a_part_that_was_not_told_yet_is_unknown(gate):
    for _ in range(3):
        gate.firmware.part()
    assert gate.reject(2) == Nak(1, Reason.UNKNOWN_PART)
    assert gate.reject(1) == Ack(2)
    assert gate.firmware.hear(Frame(Ack(1))).frames == [Frame(Trigger(2, 0, 0), 2)]
    assert gate.reject(2) == Ack(3)


STRANGE_ANSWERS = {
    "an ack without its number": "03 00 00",
    "an ack with more behind it": "03 00 00 01 00 00 00 00 00",
    "a nak without its reason": "04 00 00 01",
    "a nak with more behind it": "04 00 00 01 04 00",
    "a nak without a reason": "04 00 00 01 00",
    "a nak for no reason that there is": "04 00 00 01 63",
    "an ack with a sequence of its own": "03 00 01 01",
    "an ack that wants an answer": "03 01 00 01",
}


@pytest.mark.parametrize("strange", STRANGE_ANSWERS.values(), ids=STRANGE_ANSWERS)
def test_an_answer_that_is_not_as_described_is_none(gate, strange):
    first = gate.firmware.part().frames
    assert gate.firmware.hear_bytes(sealed(bytes.fromhex("01" + strange))).frames == []
    assert gate.firmware.at(30 * MS).frames == first


def test_an_answer_that_comes_twice_counts_once(gate):
    gate.firmware.part()
    assert gate.firmware.hear(Frame(Ack(1)), Frame(Ack(1))).frames == []
    assert gate.firmware.part().frames == [Frame(Trigger(2, 0, 0), 2)]


def test_a_part_that_the_daemon_refused_is_not_told_again(gate):
    gate.firmware.part()
    gate.firmware.hear(Frame(Nak(1, Reason.FULL)))
    assert gate.firmware.at(30 * MS).frames == []


def test_a_daemon_that_acknowledges_nothing_ends_the_session(gate):
    gate.firmware.part()
    for step in range(1, 10):
        gate.at(step * 30 * MS)
    gate.firmware.hear(Frame(Heartbeat(1, 100)))
    told = gate.firmware.at(300 * MS)
    assert told.rejects
    assert [frame.message.session for frame in told.frames] == [0]


def test_parts_that_it_can_no_longer_tell_are_a_gap_in_the_numbers(gate):
    gate.firmware.part()
    for _ in range(20):
        gate.firmware.part()
    (told,) = gate.firmware.hear(Frame(Ack(1))).frames
    assert told.message.part == 6


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_pin_is_active_when_it_must_be_and_only_then(model, data):
    """Any parts, any rejects, looked at again and again."""
    with simulated_firmware(model) as firmware:
        gate, pulses, tick = Gate(firmware), {}, 0
        for number in range(1, data.draw(st.integers(2, 40))):
            tick += data.draw(st.integers(0, 9))
            wanted = any(begin <= tick < end for begin, end in pulses.values())
            assert gate.at(tick) is wanted
            if pulses.get(number - 16, (0, 0))[1] > tick:
                return
            assert gate.part() == number
            if data.draw(st.booleans()):
                delay, length = data.draw(st.integers(0, 60)), data.draw(st.integers(10, 30))
                assert isinstance(gate.reject(number, delay, length), Ack)
                pulses[number] = (tick + delay, tick + delay + length)
