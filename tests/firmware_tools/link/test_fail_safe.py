"""No heartbeat, no good part."""

import pytest

from edge_contracts.serial_link import (
    Ack,
    By,
    Frame,
    Heartbeat,
    Hello,
    Identify,
    Lamp,
    Light,
    Nak,
    Reason,
    Reject,
    State,
    Trigger,
)
from tests.fakes.firmware import sealed

MS = 1000
"""Ticks of the model."""
BEAT = Frame(Heartbeat(1, 100))


@pytest.fixture
def met(firmware):
    """A session is open."""
    firmware.hear(Frame(Identify(5)))
    return firmware


def test_it_rejects_from_its_start_on_and_says_who_it_is(firmware):
    assert firmware.hello.frames == [Frame(Hello(0, 1, 1_000_000, 16, "1.0.0", "model"))]
    assert firmware.at(0).rejects
    assert firmware.at(3600 * 1000 * MS).rejects


def test_a_heartbeat_without_a_session_releases_nothing(firmware):
    told = firmware.hear(BEAT)
    assert told.rejects
    assert [frame.message.session for frame in told.frames] == [0]


def test_the_word_alive_releases_it_and_is_answered(met):
    assert met.at(7 * MS, 42).rejects
    told = met.hear(BEAT)
    assert not told.rejects
    assert told.frames == [Frame(State(tick=7 * MS, count=42, part=0, reject=1, failsafe=0))]


@pytest.mark.parametrize("timeout_ms", [10, 60, 100])
def test_it_rejects_when_the_time_out_ends_to_the_tick(met, timeout_ms):
    met.hear(Frame(Heartbeat(1, timeout_ms)))
    assert not met.at(timeout_ms * MS - 1).rejects
    assert met.at(timeout_ms * MS).rejects


def test_each_heartbeat_counts_anew(met):
    for beat in range(20):
        met.at(beat * 90 * MS)
        assert not met.hear(BEAT).rejects
    assert not met.at(19 * 90 * MS + 99 * MS).rejects


def test_the_word_not_alive_rejects_at_once(met):
    met.hear(BEAT)
    assert met.hear(Frame(Heartbeat(0, 100))).rejects


def test_nothing_but_the_word_alive_releases_it(met):
    met.hear(BEAT)
    met.at(100 * MS)
    assert met.hear(Frame(Heartbeat(0, 100)), Frame(Lamp(1, Light.ON), 1), Frame(Identify(5))).rejects
    assert met.part().rejects
    assert met.hear_bytes(bytes(range(256)) * 4 + b"\0").rejects
    assert not met.hear(BEAT).rejects


def test_a_late_heartbeat_does_not_make_up_for_the_time_before(met):
    """Time outs are noticed even where nobody asked for a while."""
    met.hear(BEAT)
    assert met.at(2**31 * 1).rejects
    assert met.at(2**32 + 1).rejects


def test_a_new_session_rejects_until_it_says_alive(met):
    met.hear(BEAT)
    told = met.hear(Frame(Identify(6)))
    assert told.rejects
    assert told.frames == [Frame(Hello(6, 1, 1_000_000, 16, "1.0.0", "model"))]
    assert not met.hear(BEAT).rejects


def test_identify_of_the_open_session_changes_nothing(met):
    met.hear(BEAT)
    assert not met.hear(Frame(Identify(5))).rejects
    assert (
        met.hear(Frame(Lamp(1, Light.ON), 1)).frames
        == met.hear(Frame(Identify(5)), Frame(Lamp(1, Light.ON), 1)).frames[1:]
    )


def test_a_frame_of_another_version_is_answered_with_hello(met):
    assert [type(frame.message) for frame in met.hear_bytes(sealed(b"\x02\x05\x00\x00\x01\x64")).frames] == [Hello]


def test_state_says_what_the_output_does_and_why(met):
    def stand():
        (told,) = met.hear(BEAT).frames
        return told.message.reject, told.message.failsafe

    assert stand() == (1, 0)
    assert stand() == (0, 0)
    met.part()
    met.hear(Frame(Ack(1)), Frame(Reject(1, By.TICKS, 10 * MS, 10 * MS), 1))
    met.at(10 * MS)
    assert stand() == (1, 0)
    (told,) = met.hear(Frame(Heartbeat(0, 100))).frames
    assert told.message.failsafe == 1
    met.at(20 * MS)
    (told,) = met.hear(Frame(Heartbeat(0, 100))).frames
    assert (told.message.reject, told.message.failsafe) == (1, 1)


def test_without_a_session_nothing_is_done_and_nothing_is_answered(firmware):
    firmware.part()
    assert firmware.hear(Frame(Lamp(1, Light.ON), 1), Frame(Reject(1, By.TICKS, 10 * MS, 10 * MS), 1)).frames == []
    assert firmware.lamps == []
    firmware.hear(Frame(Identify(5)), BEAT)
    firmware.at(10 * MS)
    assert not firmware.hear(BEAT).rejects


def test_a_new_session_begins_anew_in_all_that_it_counts(met):
    """Lamp, reject and trigger, after an old session that had all three."""
    old = Frame(Lamp(1, Light.ON), 1)
    met.part()
    met.hear(BEAT, Frame(Ack(1)), old)
    met.at(50 * MS)
    met.part()
    assert met.hear(Frame(Identify(6)), BEAT).frames[0].message.session == 6
    assert met.at(90 * MS).frames == [], "a part of the old session was told"
    assert met.hear(Frame(Lamp(9, Light.ON), 0)).frames == [], "a number before the first was answered"
    assert met.hear(Frame(Lamp(2, Light.BLINK), 1)).frames == [Frame(Ack(1))]
    assert met.lamps == [(1, Light.ON), (2, Light.BLINK)]
    assert met.part().frames == [Frame(Trigger(3, 0, 90 * MS), 1)]
    assert met.hear(Frame(Ack(1)), Frame(Reject(3, By.TICKS, 20 * MS, 10 * MS), 2)).frames == [Frame(Ack(2))]
    assert not met.hear(BEAT).rejects
    assert met.at(110 * MS).rejects


def test_what_ended_a_session_is_forgotten_in_the_next(met):
    for tick in range(0, 301, 30):
        met.at(tick * MS)
        met.part()
    assert met.hear(Frame(Identify(6)), BEAT).frames[0].message.session == 6
    assert met.at(330 * MS).frames == []
    assert [frame.sequence for frame in met.part().frames] == [1]


@pytest.mark.parametrize("strange", ["01 0000 00000000", "01 0000 0900000000", "05 0000 0109", "05 0000 0264"])
def test_identify_and_heartbeat_out_of_their_ranges_do_nothing(met, strange):
    assert met.hear_bytes(sealed(bytes.fromhex("01" + strange))).frames == []
    assert met.rejects


def test_what_it_does_not_know_is_refused(met):
    assert met.hear(Frame(Trigger(1, 0, 0), 1)).frames == [Frame(Nak(1, Reason.UNKNOWN_MESSAGE))]
