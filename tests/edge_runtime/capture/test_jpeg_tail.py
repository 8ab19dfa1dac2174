from __future__ import annotations

import random
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_runtime.capture.picture_file import PictureRejected, decode_picture
from tests.edge_runtime.capture.test_jpeg_data import KINDS, flat, jpeg, scene

if TYPE_CHECKING:
    from pathlib import Path

PACKET_BYTES = 1024
"""Of a USB camera in its usual setting."""
BASELINE = [kind for kind in KINDS if kind not in {"progressive", "restarts"}]


def without(content: bytes, at: int, count: int) -> bytes:
    return content[:at] + content[at + count :]


def is_whole(content: bytes) -> bool:
    try:
        decode_picture(content, "shot.jpg")
    except PictureRejected:
        return False
    return True


@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize("kind", BASELINE)
def test_a_picture_that_lost_bytes_on_the_way_is_none(kind: str, quality: int) -> None:
    content = jpeg(scene(), kind, quality)
    with pytest.raises(PictureRejected, match=r"found shot\.jpg damaged: bytes of it are missing"):
        decode_picture(without(content, len(content) // 2, PACKET_BYTES), "shot.jpg")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_that_is_truly_of_the_grey_of_no_data_is_whole(kind: str, channels: int) -> None:
    assert is_whole(jpeg(flat(128, channels), kind, 75))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_with_a_margin_of_that_grey_is_whole(kind: str) -> None:
    framed = cv2.copyMakeBorder(scene(), 32, 32, 32, 32, cv2.BORDER_CONSTANT, value=(128, 128, 128))
    assert is_whole(jpeg(np.asarray(framed, np.uint8), kind, 75))


def test_photographs_are_whole_and_are_not_when_they_lost_one_to_nine_packets(data: Path) -> None:
    rng, seen, damaged = random.Random(3), 0, 0
    photographs = [path for path in sorted(data.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg"}][::16]
    for path in photographs:
        assert is_whole(path.read_bytes()), path
        pixels = np.asarray(cv2.resize(cv2.imread(str(path)), (640, 360)), np.uint8)
        content = jpeg(pixels, "plain", 85)
        assert is_whole(content), path
        for packets in (1, 3, 9):
            count = packets * PACKET_BYTES
            if len(content) < 2 * count:
                continue
            at = rng.randrange(len(content) // 5, len(content) - count - 100)
            seen += not is_whole(without(content, at, count))
            damaged += 1
    assert damaged > 50
    assert seen >= 0.98 * damaged
