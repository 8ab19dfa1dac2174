from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import MicrophoneSource, Region
from edge_contracts.verdict import Cause
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.recording.picture_recorder import PictureRecorder
from edge_runtime.web import station_recorder
from edge_runtime.web.station_recorder import StationRecorder
from tests.fakes.parts import inspected, point, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_contracts.station import Point


@pytest.fixture
def recorder() -> Iterator[PictureRecorder]:
    made = PictureRecorder()
    made.start()
    yield made
    assert made.stop(10)


def station(recorder: PictureRecorder, folder: Path, *points: Point, spare_bytes: int = 0) -> StationRecorder:
    known = {one.name: one for one in points}
    return StationRecorder(recorder, folder / "recorded", known.get, spare_bytes)


def test_pictures_of_the_points_region_are_kept_in_its_folder(recorder: PictureRecorder, tmp_path: Path) -> None:
    button = station(recorder, tmp_path, point(region=Region(width=0.5)))
    button.begin("gate", 2)
    while (told := button.progress("gate")) is not None and told.running:
        recorder.take(inspected(verdict(Cause.CLEAN)))
    assert told is not None
    assert (told.taken, told.trouble, told.folder) == (2, "", str(tmp_path / "recorded" / "gate"))
    kept = sorted((tmp_path / "recorded" / "gate").iterdir())
    assert [path.name for path in kept] == ["gate-0001.png", "gate-0002.png"]
    assert read_picture(kept[0]).shape == (48, 32, 3)


def test_another_points_progress_is_not_this_ones(recorder: PictureRecorder, tmp_path: Path) -> None:
    button = station(recorder, tmp_path, point(), point(name="exit"))
    assert button.progress("gate") is None
    button.begin("gate", 5)
    assert button.progress("exit") is None
    with pytest.raises(BadInputError, match="gate is being recorded"):
        button.begin("exit", 5)
    button.cancel("exit")
    button.cancel("gate")
    told = button.progress("gate")
    assert told is not None
    assert (told.running, told.trouble) == (False, "cancelled")


def test_a_disk_without_room_is_told_before_anything_is_taken(
    recorder: PictureRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 300_000_000})
    monkeypatch.setattr(station_recorder.shutil, "disk_usage", lambda _: usage)
    button = station(recorder, tmp_path, point(), spare_bytes=200_000_000)
    button.begin("gate", 20)
    button.cancel("gate")
    with pytest.raises(BadInputError, match="wanted 409 MB free for 50 pictures, found 300"):
        button.begin("gate", 50)


def test_a_point_that_listens_or_does_not_run_has_no_pictures(recorder: PictureRecorder, tmp_path: Path) -> None:
    ear = point(name="ear", source=MicrophoneSource(kind="microphone", device="x", window_s=1.0))
    for name in ("ear", "gone"):
        with pytest.raises(BadInputError, match="gives no pictures"):
            station(recorder, tmp_path, ear).begin(name, 5)
