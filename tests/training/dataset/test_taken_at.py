"""When a sample was taken, as its tags or its name say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from training.dataset.taken_at import taken_at


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("gate_2024-05-01_12-30-59.wav", (2024, 5, 1, 12, 30, 59)),
        ("20240501T123059.250.wav", (2024, 5, 1, 12, 30, 59)),
        ("IMG_20240501_1230.wav", (2024, 5, 1, 12, 30)),
        ("0042_2024.05.01 12.30.59_ok.wav", (2024, 5, 1, 12, 30, 59)),
        ("2024-05-01.wav", None),
        ("20249901123059.wav", None),
        ("part-120240501123059.wav", None),
        ("serial-2024123456789.wav", None),
        ("1.wav", None),
    ],
)
def test_a_time_in_a_name_is_read_and_another_number_is_not(name, time):
    assert taken_at(Path(name)) == (datetime(*time) if time else None)  # noqa: DTZ001 - names have no zone


def test_the_camera_is_believed_before_the_name(save, tag):
    path = save("20200101_000000.jpg", np.full((8, 8, 3), 80, np.uint8))
    tag(path, taken_at="2024:05:01 12:00:00")
    assert taken_at(path) == datetime(2024, 5, 1, 12, 0, 0)  # noqa: DTZ001 - nor have cameras
