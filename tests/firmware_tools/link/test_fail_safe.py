"""No heartbeat, no good part."""

import pytest

from edge_contracts.serial_link import Frame, Heartbeat, Hello, Identify, Lamp, Light, Nak, Reason, State, Trigger
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


def test_what_it_does_not_know_is_refused(met):
    assert met.hear(Frame(Trigger(1, 0, 0), 1)).frames == [Frame(Nak(1, Reason.UNKNOWN_MESSAGE))]
