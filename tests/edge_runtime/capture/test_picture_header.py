from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.capture.picture_header import is_cut_off, picture_size
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture

ENDINGS = [".png", ".jpg", ".bmp", ".webp", ".ppm"]
STARTS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM", b"P6 ", b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8L", b""]


def encoded(ending: str, *parameters: int) -> bytes:
    return bytes(cv2.imencode(ending, picture(), list(parameters))[1])


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_size_is_read_without_decoding(ending: str) -> None:
    assert picture_size(encoded(ending)) == (WIDTH_PX, HEIGHT_PX)


def test_the_size_of_a_lossy_webp_and_of_a_progressive_jpeg() -> None:
    assert picture_size(encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 50)) == (WIDTH_PX, HEIGHT_PX)
    assert picture_size(encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)) == (WIDTH_PX, HEIGHT_PX)


def test_a_grey_picture_with_a_comment_in_its_header() -> None:
    assert picture_size(b"P5\n# made by a scanner\n12 7\n255\n" + bytes(84)) == (12, 7)


@given(st.sampled_from(STARTS), st.binary(max_size=64))
def test_no_bytes_make_the_header_reader_fail(start: bytes, rest: bytes) -> None:
    size = picture_size(start + rest)
    assert size is None or all(isinstance(side, int) for side in size)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_file_without_its_end_is_cut_off(ending: str) -> None:
    content = encoded(ending)
    assert not is_cut_off(content)
    assert is_cut_off(content[: len(content) // 2])


def test_bytes_behind_the_end_do_not_make_a_picture_cut_off() -> None:
    assert not is_cut_off(encoded(".jpg") + bytes(100))


def test_the_header_of_a_huge_picture_is_believed() -> None:
    content = bytearray(encoded(".png"))
    content[16:24] = np.array([60_000, 50_000], ">u4").tobytes()
    assert picture_size(bytes(content)) == (60_000, 50_000)
