from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import FolderSource, PictureHealth, Region, RtspSource, VideoSource
from edge_contracts.verdict import Cause
from edge_runtime.camera_shift import SAMPLE_EVERY, SAMPLES
from edge_runtime.cameras import Cameras, place_name
from edge_runtime.learned import Learned
from tests.edge_runtime.test_picture_health import scene
from tests.fakes.parts import point
from tests.fakes.pictures import write_picture

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Point
    from edge_runtime.picture_health import PictureCheck

LEARNED = SAMPLES * SAMPLE_EVERY
CAMERA = RtspSource(kind="rtsp", url="rtsp://camera/1")


def causes(check: PictureCheck, right_px: int, count: int = 6) -> set[Cause]:
    ailments = [check.examine(scene(right_px, seed)) for seed in range(count)]
    return {ailment.cause for ailment in ailments if ailment}


def test_a_camera_that_was_moved_while_the_daemon_was_down_is_noticed(tmp_path: Path) -> None:
    gate = point(source=CAMERA)
    cameras = Cameras(Learned(tmp_path))
    first = cameras.check_for(gate)
    assert {first.examine(scene(0, seed)) for seed in range(LEARNED)} == {None}
    cameras.keep_places()
    assert causes(Cameras(Learned(tmp_path)).check_for(gate), 32) == {Cause.MOVED}
    (tmp_path / place_name(gate)).unlink()
    assert causes(Cameras(Learned(tmp_path)).check_for(gate), 32) == set()


def test_a_place_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(Learned, "keep", lambda _self, name, _content: written.append(name) or True)
    cameras, gate = Cameras(Learned(tmp_path)), point(source=CAMERA)
    check = cameras.check_for(gate)
    cameras.keep_places()
    assert not written
    for seed in range(LEARNED):
        check.examine(scene(0, seed))
    cameras.keep_places()
    cameras.keep_places()
    assert written == [place_name(gate)]


def test_another_camera_or_region_learns_its_own_place() -> None:
    names = {
        place_name(point(source=CAMERA)),
        place_name(point(source=RtspSource(kind="rtsp", url="rtsp://camera/2"))),
        place_name(point(source=CAMERA, region=Region(width=0.5))),
    }
    assert len(names) == 3


def test_a_named_picture_is_the_place_from_the_first_picture_on(tmp_path: Path) -> None:
    reference = str(write_picture(tmp_path / "place.png", scene(0, 77)))
    health = PictureHealth(moved_reference=reference)
    assert causes(Cameras().check_for(point(source=CAMERA, health=health)), 32) == {Cause.MOVED}


def test_a_named_picture_that_is_none_is_told(tmp_path: Path) -> None:
    health = PictureHealth(moved_reference=str(tmp_path / "none.png"))
    with pytest.raises(BadInputError, match="gate: wanted a picture of the camera's place"):
        Cameras().check_for(point(source=CAMERA, health=health))


@pytest.mark.parametrize(
    ("watched", "asked"),
    [
        (True, point(source=CAMERA)),
        (False, point(source=CAMERA, health=PictureHealth(moved_limit=0))),
        (False, point(source=FolderSource(kind="folder", path="/p"))),
        (False, point(source=VideoSource(kind="video", path="/p"))),
        (True, point(source=VideoSource(kind="video", path="/p"), health=PictureHealth(moved_limit=0.05))),
    ],
)
def test_live_cameras_are_watched_and_files_when_the_station_says_so(watched: bool, asked: Point) -> None:  # noqa: FBT001 - a case
    assert (Cameras().check_for(asked)._shift is not None) is watched


def test_the_light_of_a_point_is_that_of_its_pictures() -> None:
    cameras = Cameras()
    assert cameras.light_of("gate") is None
    check = cameras.check_for(point())
    check.examine(scene())
    light = cameras.light_of("gate")
    assert light is not None
    assert light.mean == pytest.approx(float(scene().mean()), abs=4)
    cameras.forget("gate")
    assert cameras.light_of("gate") is None
