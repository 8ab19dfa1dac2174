from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.photograph import read_photograph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_colours_arrive_as_they_were(suffix: str, picture: np.ndarray, save: Callable[..., Path]) -> None:
    np.testing.assert_array_equal(read_photograph(save(f"a.{suffix}", picture)), picture)


def test_grey_becomes_three_equal_channels(picture: np.ndarray, save: Callable[..., Path]) -> None:
    found = read_photograph(save("a.png", picture[..., 0]))
    np.testing.assert_array_equal(found, np.repeat(picture[..., :1], 3, axis=2))


def test_alpha_is_dropped(picture: np.ndarray, save: Callable[..., Path]) -> None:
    bgra = np.dstack([picture[..., ::-1], picture[..., 0]])
    np.testing.assert_array_equal(read_photograph(save("a.png", bgra)), picture)


def test_sixteen_bits_become_eight(picture: np.ndarray, save: Callable[..., Path]) -> None:
    deep = picture.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_photograph(save("a.png", deep)), picture)


def test_raw_sensor_values_in_sixteen_bits_are_refused(picture: np.ndarray, save: Callable[..., Path]) -> None:
    with pytest.raises(BadInputError, match="raw 10- or 12-bit"):
        read_photograph(save("a.png", picture.astype(np.uint16) * 16))


def test_a_turned_camera_gives_an_upright_picture(tmp_path: Path) -> None:
    lying = np.zeros((40, 64, 3), np.uint8)
    lying[:, 48:] = 255
    encoded = cv2.imencode(".jpg", lying)[1].tobytes()
    # One EXIF entry: orientation (0x0112), SHORT, 6 = turn clockwise by 90 degrees.
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    segment = b"Exif\x00\x00" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(encoded[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + encoded[2:])
    found = read_photograph(path)
    assert found.shape == (64, 40, 3)
    assert found[56].mean() > 200
    assert found[8].mean() < 50


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_file_that_was_cut_short_is_refused(
    suffix: str, share: float, save: Callable[..., Path], draw_part: Callable[..., np.ndarray]
) -> None:
    path = save(f"cut.{suffix}", draw_part(1))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadInputError, match="cut"):
        read_photograph(path)


@pytest.mark.parametrize("content", [b"", b"these are words, no pixels", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"odd\.png"):
        read_photograph(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"gone\.png"):
        read_photograph(tmp_path / "gone.png")


def test_a_small_file_that_would_fill_the_memory_is_refused_undecoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(BadInputError, match="60000×60000"):
        read_photograph(path)


def test_a_picture_of_a_few_pixels_is_refused(save: Callable[..., Path]) -> None:
    with pytest.raises(BadInputError, match="8×8"):
        read_photograph(save("tiny.png", np.zeros((8, 8, 3), np.uint8)))
