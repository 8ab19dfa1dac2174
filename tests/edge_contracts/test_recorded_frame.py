"""A kept picture says what it is, and stays a picture for everyone else."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alert import EvidenceKind
from edge_contracts.recorded_frame import HEAD_BYTES, RecordedFrame, note_in, with_note
from edge_contracts.station import Region

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
JPEG = bytes(cv2.imencode(".jpg", PIXELS)[1])
SIDES = st.floats(0.01, 0.5)


@given(kind=st.sampled_from(EvidenceKind), x=SIDES, y=SIDES, width=SIDES, height=SIDES)
def test_what_was_written_is_read_again(kind, x, y, width, height):
    frame = RecordedFrame(kind, "ab" * 32, Region(x=x, y=y, width=width, height=height))
    assert note_in(with_note(JPEG, frame)[:HEAD_BYTES]) == frame


def test_the_picture_stays_as_it_was():
    noted = with_note(JPEG, RecordedFrame(EvidenceKind.IMAGE, "ab" * 32, Region()))
    decoded = [cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) for content in (JPEG, noted)]
    assert np.array_equal(*decoded)
    assert len(noted) - len(JPEG) < 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        JPEG,
        b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x10lepton-frame {}",
        JPEG[:2] + b"\xff\xfe\x00\x0csome words" + JPEG[2:],
        JPEG[:2] + b"\xff\xfe\x00\x11lepton-frame {}" + JPEG[2:],
        JPEG[:2] + b'\xff\xfe\xff\xfflepton-frame {"kind":',
    ],
)
def test_any_other_file_has_no_note(content):
    assert note_in(content) is None


def test_only_a_jpeg_file_takes_a_note():
    with pytest.raises(ValueError, match="wanted a JPEG file, found bytes that begin with 8950"):
        with_note(b"\x89PNG", RecordedFrame(EvidenceKind.IMAGE, "", Region()))
