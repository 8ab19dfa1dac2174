from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_runtime.capture.jpeg_end import JpegEnd
from edge_runtime.capture.multipart import Multipart, Part, StreamBroken, StreamLimits, boundary_of
from tests.fakes.mjpeg_camera import BOUNDARY, jpeg, part

SMALL = StreamLimits(header_bytes=256, part_bytes=4096)
JPEGS = [jpeg(seed) for seed in range(3)]


def fed(stream: bytes, cuts: list[int], boundary: bytes = BOUNDARY.encode()) -> list[Part]:
    """All parts of a stream that arrives in pieces."""
    parser = Multipart(boundary)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [got for begin, end in pairwise(edges) for got in parser.feed(stream[begin:end])]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.lists(st.integers(0, 5000), max_size=20))
def test_parts_with_a_length_come_out_as_they_went_in(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(part(body) for body in bodies)
    assert [got.body for got in fed(stream, cuts)] == bodies


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(JPEGS), max_size=4),
    st.lists(st.integers(0, 20_000), max_size=20),
    st.sampled_from(["", "X-Camera: 7\r\n"]),
)
def test_jpegs_without_a_length_come_out_as_they_went_in(bodies: list[bytes], cuts: list[int], headers: str) -> None:
    stream = b"".join(part(body, headers=headers) for body in bodies)
    assert [got.body for got in fed(stream, cuts)] == bodies


def test_a_jpeg_without_a_length_is_complete_before_the_next_one_begins() -> None:
    assert [got.body for got in Multipart(BOUNDARY.encode()).feed(part(JPEGS[0], headers=""))] == [JPEGS[0]]


def test_a_thumbnail_inside_a_jpeg_is_not_its_end() -> None:
    thumbnail = b"\xff\xe1" + (len(JPEGS[1]) + 2).to_bytes(2, "big") + JPEGS[1]
    whole = JPEGS[0][:2] + thumbnail + JPEGS[0][2:]
    assert JpegEnd().find(whole + b"rest") == len(whole)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40))
def test_the_end_of_a_jpeg_is_found_however_it_arrives(steps: list[int]) -> None:
    end, length = JpegEnd(), 0
    for step in steps:
        length = min(length + step, len(JPEGS[0]))
        found = end.find(JPEGS[0][:length])
        assert found == (len(JPEGS[0]) if length == len(JPEGS[0]) else None)


def test_another_body_without_a_length_ends_at_the_boundary() -> None:
    stream = part(b"no picture", headers="") + part(JPEGS[0])
    assert [got.body for got in fed(stream, [])] == [b"no picture", JPEGS[0]]


@pytest.mark.parametrize("declared", [b"frame", b"--frame"])
def test_cameras_that_declare_the_dashes_are_understood(declared: bytes) -> None:
    for wire in (b"--frame", b"----frame"):
        if declared == b"frame" and wire != b"--frame":
            continue
        stream = b"".join(wire + b"\r\n\r\n" + body + b"\r\n" for body in (b"text", JPEGS[0], JPEGS[1]))
        assert [got.body for got in fed(stream, [], declared)][:2] == [b"text", JPEGS[0]]


def test_bare_line_feeds_and_preambles_are_understood() -> None:
    stream = b"hello\n--frame\nContent-type: image/jpeg\nCONTENT-LENGTH: 3\n\nabc\n--frame\n"
    assert [got.body for got in fed(stream, [])] == [b"abc"]


def test_a_cameras_own_time_is_told() -> None:
    headers = f"Content-Length: {len(JPEGS[0])}\r\nX-Timestamp: 1234.5\r\n"
    assert fed(part(JPEGS[0], headers), [])[0].stamp_s == 1234.5
    assert fed(part(JPEGS[0], headers.replace("1234.5", "yesterday")), [])[0].stamp_s is None


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.binary(max_size=400), st.sampled_from([
    b"--frame", b"\r\n", b"\r\n\r\n", b"Content-Length: 9\r\n", b"Content-Length: -1",
    b"Content-Length: 99999999999\r\n", b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"--", part(b"xy"), JPEGS[0][:700],
])), max_size=60))  # fmt: skip
def test_garbage_breaks_the_stream_or_is_parted_and_is_never_kept_beyond_the_limits(pieces: list[bytes]) -> None:
    parser = Multipart(b"frame", SMALL)
    with suppress(StreamBroken):
        for piece in pieces:
            assert all(len(got.body) <= SMALL.part_bytes + 800 for got in parser.feed(piece))
            assert parser.held_bytes <= SMALL.part_bytes + SMALL.header_bytes + 800


@pytest.mark.parametrize(("stream", "says"), [
    (b"x" * 300, "between two parts"),
    (b"x" * 300 + b"--frame\r\n\r\n", "between two parts"),
    (b"--frame" + b"x" * 300, "in a part's headers"),
    (b"--frame\r\nX: " + b"x" * 300 + b"\r\n\r\n", "in a part's headers"),
    (b"--frame\r\nContent-Length: many\r\n\r\n", "a number as a part's length"),
    (b"--frame\r\nContent-Length: 5000\r\n\r\n", "a part of 1 to 4096 bytes"),
    (b"--frame\r\nContent-Length: 0\r\n\r\n", "a part of 1 to 4096 bytes"),
    (b"--frame\r\n\r\n" + b"x" * 5000, "a part of at most 4096 bytes"),
    (b"--frame--\r\n", "ends the stream"),
])  # fmt: skip
def test_what_is_no_stream_of_parts_is_refused_in_words(stream: bytes, says: str) -> None:
    with pytest.raises(StreamBroken, match=says):
        Multipart(b"frame", SMALL).feed(stream)


@pytest.mark.parametrize(("declared", "boundary"), [
    ("multipart/x-mixed-replace; boundary=frame", b"frame"),
    ('multipart/x-mixed-replace;boundary="a b"; charset=x', b"a b"),
    ("Multipart/X-Mixed-Replace; Boundary=--my", b"--my"),
])  # fmt: skip
def test_the_boundary_is_read_from_the_header(declared: str, boundary: bytes) -> None:
    assert boundary_of(declared) == boundary


@pytest.mark.parametrize("declared", ["", "text/html", "image/jpeg; boundary=x", "multipart/x-mixed-replace"])
def test_an_answer_that_is_no_stream_of_parts_is_refused(declared: str) -> None:
    with pytest.raises(StreamBroken, match="wanted multipart/x-mixed-replace with a boundary"):
        boundary_of(declared)
