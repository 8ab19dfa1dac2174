from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge_runtime.capture.jpeg_data import damage_of
from edge_runtime.capture.picture_file import PictureRejected, read_picture

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

KINDS = {
    "plain": [],
    "optimised": [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 4],
    "full colour": [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
}
QUALITIES = [30, 75, 95]


def scene(*, noise: float = 6.0) -> npt.NDArray[np.uint8]:
    """Something round on a lit ground, as a camera sees it."""
    rows, columns = np.mgrid[0:240, 0:320]
    ground = 90 + columns / 8 + 40 * (np.hypot(rows - 120, columns - 160) < 70)
    noisy = ground[..., None] + np.random.default_rng(1).normal(0, noise, (240, 320, 3))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def flat(level: int, channels: int) -> npt.NDArray[np.uint8]:
    return np.full((240, 320, channels), level, np.uint8)


def jpeg(pixels: npt.NDArray[np.uint8], kind: str, quality: int) -> bytes:
    done, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality, *KINDS[kind]])
    assert done
    return bytes(content)


def filled(content: bytes, byte: int, count: int) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([byte]) * count + content[middle + count :]


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_picture_is_whole(kind: str, quality: int) -> None:
    assert damage_of(jpeg(scene(), kind, quality)) is None


@pytest.mark.parametrize("level", [0, 37, 128, 255])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_truly_flat_picture_is_whole(kind: str, channels: int, level: int) -> None:
    for quality in QUALITIES:
        assert damage_of(jpeg(flat(level, channels), kind, quality)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawn_part_on_a_flat_ground_is_whole(kind: str) -> None:
    drawn = cv2.circle(flat(200, 3), (160, 120), 50, (90, 90, 90), -1)
    for quality in QUALITIES:
        assert damage_of(jpeg(np.asarray(drawn, np.uint8), kind, quality)) is None


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_second_half_of_zeros_is_seen(kind: str, quality: int) -> None:
    content = jpeg(scene(), kind, quality)
    assert damage_of(filled(content, 0, len(content) - len(content) // 2 - 2)) is not None


@pytest.mark.parametrize("byte", [0x00, 0x55, 0xAA, 0xFF])
def test_a_destroyed_stretch_in_the_middle_is_seen(byte: int) -> None:
    assert damage_of(filled(jpeg(scene(), "plain", 95), byte, 512)) is not None


def test_a_marker_out_of_place_is_seen() -> None:
    content = jpeg(scene(), "plain", 75)
    middle = len(content) // 2
    assert damage_of(content[:middle] + b"\xff\x31" + content[middle + 2 :]) is not None


def test_restart_markers_that_are_missing_are_seen() -> None:
    content = jpeg(scene(), "restarts", 75)
    at = content.index(b"\xff\xd3")
    assert damage_of(content[:at] + b"\x12\x34" + content[at + 2 :]) == "restart markers that do not follow one another"


def test_eight_restart_markers_that_are_lost_together_are_seen() -> None:
    content = jpeg(scene(), "restarts", 75)
    first, ninth = (match.start() for match in [*re.finditer(b"\xff\xd3", content)][:2])
    assert damage_of(content[:first] + content[ninth:]) == "restart markers missing"


def test_segments_that_are_cut_off_are_seen() -> None:
    content = jpeg(scene(), "plain", 75)
    assert damage_of(content[:40] + b"\xff\xd9") is not None


def test_a_photograph_with_a_destroyed_middle_is_no_picture(tmp_path: Path) -> None:
    content = jpeg(scene(), "plain", 95)
    (tmp_path / "half.jpg").write_bytes(filled(content, 0, len(content) - len(content) // 2 - 2))
    with pytest.raises(PictureRejected, match=r"found half\.jpg damaged: a long run of the byte 0x00"):
        read_picture(tmp_path / "half.jpg")


def test_real_photographs_are_whole_and_are_not_when_half_of_them_is_zeros(data: Any) -> None:
    photographs = [path for path in sorted(data.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg"}][::8]
    assert photographs
    for path in photographs:
        content = path.read_bytes()
        assert damage_of(content) is None, path
        assert damage_of(filled(content, 0, len(content) - len(content) // 2 - 2)) is not None, path
