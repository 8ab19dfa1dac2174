"""`lepton capture` on a device: training pictures through a real kernel's camera."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_runtime.capture.picture_file import read_picture
from tests.device import vivid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.device, pytest.mark.timeout(300)]

STATION = f"""
[station]
org = "acme"
site = "north"
device = "line-1"

[[points]]
name = "gate"
bundle = "none-yet.bundle"
deadline_ms = 400
source = {{ kind = "v4l2", camera = "{vivid.BY_PATH}", width_px = 640, height_px = 360, fourcc = "YUYV" }}
trigger = {{ kind = "interval", interval_s = 0.5 }}
region = {{ x = 0.5, width = 0.5 }}
"""


@pytest.fixture(autouse=True)
def _plugged_in() -> Iterator[None]:
    if not vivid.is_plugged_in():
        vivid.plug_in()
    yield
    vivid.unplug()


def test_training_pictures_are_taken_with_the_stations_camera_region_and_trigger(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text(STATION)
    command = [sys.executable, "-m", "lepton", "capture", "station.toml", "--count", "3", "-o", "good"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    kept = sorted((tmp_path / "good").iterdir())
    assert [each.name for each in kept] == ["gate-0001.png", "gate-0002.png", "gate-0003.png"]
    assert [read_picture(each).shape for each in kept] == [(360, 320, 3)] * 3
