"""An MP4 without its index is known before FFmpeg is asked; of every other file nothing is said."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_runtime.capture.film_index import lacks_index
from edge_runtime.capture.source import SourceLost
from edge_runtime.capture.video import VideoSource
from tests.fakes.clock import FakeClock
from tests.fakes.pictures import picture, write_film

if TYPE_CHECKING:
    from pathlib import Path


def box(kind: bytes, content: bytes = b"", *, is_long: bool = False) -> bytes:
    if is_long:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content


START = box(b"ftyp", b"isom")
PICTURES = box(b"mdat", b"\0" * 100)
WHOLE = [
    START + PICTURES + box(b"moov"),
    START + box(b"moov") + PICTURES,
    START + box(b"mdat", b"\0" * 9, is_long=True) + box(b"moov"),
]


@pytest.mark.parametrize("content", WHOLE)
def test_a_film_with_its_index_lacks_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "belt.mp4"
    path.write_bytes(content)
    assert not lacks_index(path)


@pytest.mark.parametrize("content", [START + PICTURES, (START + PICTURES)[:-40], START + b"\0\0\0\0mdat12", START])
def test_a_film_that_was_cut_off_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "belt.mp4"
    path.write_bytes(content)
    source = VideoSource(path, FakeClock(), threading.Event(), paced=False, repeat=False)
    with pytest.raises(SourceLost, match=r"found .*belt\.mp4 without its index, as one that was cut off; copy"):
        source.open()


def test_another_film_is_left_to_ffmpeg(tmp_path: Path) -> None:
    assert not lacks_index(write_film(tmp_path / "belt.avi", [picture()]))
    assert not lacks_index(tmp_path / "gone.mp4")


@given(rest=st.binary(max_size=64))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_hold_up_the_look(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "any.mp4"
    path.write_bytes(START + rest)
    assert lacks_index(path) in {True, False}
