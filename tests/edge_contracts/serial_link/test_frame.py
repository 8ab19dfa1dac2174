import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link import (
    FRAME_MAX_BYTES,
    By,
    Frame,
    FrameRefused,
    Heartbeat,
    Hello,
    Level,
    Log,
    Reject,
    Samples,
    StorageGet,
    Trigger,
    crc16,
    decode,
    encode,
)
from tests.edge_contracts.serial_link.spoken import frames


def sealed(whole):
    """These bytes with a right CRC, in COBS, without delimiter."""
    raw = whole + crc16(whole).to_bytes(2, "big")
    return b"".join(bytes([len(run) + 1]) + run for run in raw.split(b"\0"))


@given(frames())
def test_what_is_said_is_what_is_understood(frame):
    data = encode(frame)
    assert decode(data[:-1]) == frame
    assert len(data) <= FRAME_MAX_BYTES
    assert data.index(0) == len(data) - 1


@given(frames(), st.integers(0, 10_000), st.integers(1, 255))
def test_a_frame_with_one_damaged_byte_is_never_taken_for_another(frame, place, damage):
    data = bytearray(encode(frame)[:-1])
    data[place % len(data)] ^= damage
    with pytest.raises(FrameRefused):
        decode(bytes(data))


@given(frames(), st.integers(1, 3))
def test_a_damaged_delimiter_is_seen_even_before_silence(frame, flips):
    """A delimiter that became 1 is a zero behind the frame; so is any number of them."""
    with pytest.raises(FrameRefused):
        decode(encode(frame)[:-1] + b"\x01" * flips)


@given(st.binary(max_size=90))
def test_no_bytes_do_worse_than_being_refused(data):
    try:
        frame = decode(data)
    except FrameRefused:
        return
    assert isinstance(frame.message, Log) or decode(encode(frame)[:-1]) == frame


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (b"\x02\x05\x00\x00\x01\x64", "wanted version 1 of the station protocol, found 2"),
        (b"\x01\x7f\x00\x00", "found the id 0x7F"),
        (b"\x01\x05\x01\x00\x01\x64", "wanted the flags of Heartbeat, found 1"),
        (b"\x01\x05\x00\x09\x01\x64", "found 0 with sequence 9"),
        (b"\x01\x10\x00\x01" + b"\x01" * 12, "wanted the flags of Trigger, found 0"),
        (b"\x01\x05\x00\x00\x01", "wanted 2 bytes of Heartbeat, found 1"),
        (b"\x01\x05\x00\x00\x01\x64\x00", "wanted 2 bytes of Heartbeat, found 3"),
        (b"\x01\x20\x00\x00\x01", "wanted at least 5 bytes of Samples, found 1"),
        (b"\x01\x05\x00\x00\x02\x64", "wanted alive from 0 to 1, found 2"),
        (b"\x01\x05\x00\x00\x01\x65", "wanted timeout_ms from 10 to 100, found 101"),
        (b"\x01\x04\x00\x00\x01\x63", "wanted reason among 1 unknown_message"),
        (b"\x01\x20\x00\x00\x01\x00\x00\x00\x00\x07", "wanted values of whole elements, found 1 bytes"),
        (b"\x01\x32\x01\x00a\0b" + bytes(13) + b"\0\0", "wanted key in printable ASCII"),
    ],
)
def test_what_is_whole_and_wrong_is_refused_in_words(whole, said):
    with pytest.raises(FrameRefused, match=said):
        decode(sealed(whole))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "wanted at least 6 bytes, found 0"),
        (b"\x02\x01", "wanted at least 6 bytes"),
        (b"\x09\x01", "wanted COBS, found a run of 9 at byte 0 of 2"),
        (b"\x02\x01\x00\x01", "wanted COBS, found a run of 0 at byte 2 of 4"),
        (b"\x01" * FRAME_MAX_BYTES, "wanted at most 71 bytes, found 72"),
        (b"\x07\x01\x05\x01\x01\x01\x01", "the frame was damaged"),
    ],
)
def test_what_is_no_frame_is_refused_in_words(data, said):
    with pytest.raises(FrameRefused, match=said):
        decode(data)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Heartbeat(1, 101), "wanted timeout_ms from 10 to 100, found 101"),
        (Reject(0, By.TICKS, 1, 1), "wanted part from 1"),
        (Reject(1, 2, 1, 1), "wanted by among 0 ticks, 1 counts, found 2"),
        (Hello(0, 1, 1000, 16, "1.0.0-beta-13", "x"), "wanted firmware of at most 12 printable ASCII characters"),
        (Hello(0, 1, 1000, 16, "1.0", "grüße"), "wanted board of at most 24 printable ASCII"),
        (StorageGet("tab\t", 0), "wanted key of at most 16 printable ASCII"),
        (Log(Level.INFO, "x" * 61), "wanted text of at most 60, found 61"),
        (Samples(0, 0, (40_000,)), "wanted values from -32768 to 32767, found 40000"),
        (Samples(0, 0, (1,) * 29), "wanted values of at most 28, found 29"),
        (Trigger(1, -1, 0), "wanted count from 0 to 4294967295, found -1"),
    ],
)
def test_what_cannot_be_said_is_an_error_in_words(message, said):
    with pytest.raises(BadInputError, match=said):
        encode(Frame(message))


def test_a_text_cut_inside_a_character_is_still_read():
    data = sealed(b"\x01\x21\x00\x00\x01caf\xc3")
    assert decode(data).message == Log(Level.INFO, r"caf\xc3")
