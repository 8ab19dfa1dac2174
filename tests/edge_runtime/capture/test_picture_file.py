from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import PictureLimits, PictureRejected, read_picture
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture, write_picture

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_picture(tmp_path / "whole.png", picture())


def test_pixels_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    red[..., 0] = 255
    np.testing.assert_array_equal(read_picture(write_picture(tmp_path / "red.png", red)), red)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureRejected, match=r"gone\.png cannot be read \(No such file"):
        read_picture(tmp_path / "gone.png")


def test_an_empty_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PictureRejected, match=r"found empty\.jpg of 0 bytes"):
        read_picture(tmp_path / "empty.jpg")


def test_a_text_file_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(PictureRejected, match=r"found notes\.png which is none"):
        read_picture(tmp_path / "notes.png")


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_cut_off_picture_is_not_half_judged(tmp_path: Path, ending: str) -> None:
    path = write_picture(tmp_path / f"part.{ending}", picture())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(PictureRejected, match="cut off before its end"):
        read_picture(path)


def test_a_damaged_picture_is_named(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    whole.write_bytes(content)
    with pytest.raises(PictureRejected, match=r"whole\.png damaged"):
        read_picture(whole)


def test_a_huge_picture_is_refused_before_it_is_decoded(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    content[16:24] = np.array([60_000, 50_000], ">u4").tobytes()
    whole.write_bytes(content)
    with pytest.raises(PictureRejected, match=r"at most 50,000,000 pixels, found whole\.png of 60000×50000"):
        read_picture(whole)


def test_a_huge_file_is_refused_before_it_is_read(whole: Path) -> None:
    with pytest.raises(PictureRejected, match="of 1 to 100 bytes"):
        read_picture(whole, PictureLimits(file_bytes=100))


def test_an_error_is_the_projects_and_pythons_kind() -> None:
    assert issubclass(PictureRejected, BadInputError)
    assert issubclass(PictureRejected, ValueError)
