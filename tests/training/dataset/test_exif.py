"""When a photograph was taken and how it is turned, as cameras write it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from training.dataset.exif import Exif, read_exif
from training.dataset.upright_size import upright_size

PIXELS = np.full((20, 30, 3), 80, np.uint8)
NOON = datetime(2024, 5, 1, 12, 0, 0)  # noqa: DTZ001 - Exif's times have no zone


@pytest.mark.parametrize("order", ["<", ">"])
def test_time_and_turn_are_read_in_both_byte_orders(order, save, tag):
    path = save("1.jpg", PIXELS)
    tag(path, orientation=6, taken_at="2024:05:01 12:00:00", order=order)
    assert read_exif(path) == Exif(is_turned=True, taken_at=NOON)


def test_the_size_is_that_of_the_upright_picture(save, tag):
    path = save("1.jpg", PIXELS)
    assert upright_size(path) == (30, 20)
    tag(path, orientation=8)
    assert upright_size(path) == (20, 30)


def test_a_clock_that_was_never_set_says_nothing(save, tag):
    path = save("1.jpg", PIXELS)
    tag(path, taken_at="0000:00:00 00:00:00")
    assert read_exif(path) == Exif()


@pytest.mark.parametrize("name", ["1.png", "1.jpg", "1.bmp"])
def test_a_picture_without_tags_says_nothing(name, save):
    assert read_exif(save(name, PIXELS)) == Exif()


def test_damaged_tags_say_nothing(save, tag):
    path = save("1.jpg", PIXELS)
    tag(path, orientation=6, taken_at="2024:05:01 12:00:00")
    whole = path.read_bytes()
    for place in range(2, 120):
        path.write_bytes(whole[:place])
        assert isinstance(read_exif(path), Exif)
        path.write_bytes(whole[:place] + b"\xff" * 40 + whole[place + 40 :])
        assert isinstance(read_exif(path), Exif)
