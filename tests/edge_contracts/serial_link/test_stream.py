from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.serial_link import FRAME_MAX_BYTES, Frame, Heartbeat, StreamDecoder, Trigger, encode
from tests.edge_contracts.serial_link.spoken import frames

BEAT = Frame(Heartbeat(1, 100))
PART = Frame(Trigger(1, 2, 3), 1)


@given(st.lists(frames(), max_size=8), st.lists(st.integers(0, 300), max_size=8))
def test_frames_are_the_same_in_whatever_pieces_they_come(said, cuts):
    data = b"".join(map(encode, said))
    decoder, heard, last = StreamDecoder(), [], 0
    for cut in sorted(min(cut, len(data)) for cut in cuts):
        heard += decoder.feed(data[last:cut])
        last = cut
    assert heard + decoder.feed(data[last:]) == said
    assert (decoder.frames, decoder.refused) == (len(said), 0)


@given(st.binary(max_size=200).filter(lambda noise: 0 not in noise), frames(), frames())
def test_after_noise_the_next_whole_frame_is_understood(noise, lost, heard):
    decoder = StreamDecoder()
    first = decoder.feed(noise + encode(lost))
    assert decoder.feed(encode(heard)) == [heard]
    assert first == ([] if noise else [lost])
    assert decoder.refused == bool(noise)


def test_why_the_last_one_was_refused_is_kept():
    decoder = StreamDecoder()
    assert decoder.feed(b"\xff\x01\0" + encode(BEAT)) == [BEAT]
    assert decoder.last_refusal == "wanted COBS, found a run of 255 at byte 0 of 2"


def test_a_stream_without_an_end_takes_no_memory():
    decoder = StreamDecoder()
    for _ in range(100):
        assert decoder.feed(b"\x01" * 1000) == []
    assert len(decoder._rest) == FRAME_MAX_BYTES
    assert decoder.feed(b"\0" + encode(PART)) == [PART]
    assert decoder.refused == 1


def test_empty_frames_are_nothing():
    decoder = StreamDecoder()
    assert decoder.feed(b"\0\0\0" + encode(PART) + b"\0") == [PART]
    assert decoder.refused == 0
