"""Against a stand-in of OpenCV's V4L2 half; `make lab-device` does it with a real kernel."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cv2
import pytest

from edge_contracts.station import CameraControls
from edge_contracts.station import V4l2Source as V4l2Settings
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.capture.v4l2 import Seen, V4l2Source, builder
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.cameras import Cameras
from tests.fakes.clock import FakeClock
from tests.fakes.mjpeg_camera import jpeg

if TYPE_CHECKING:
    from pathlib import Path

READ_TIMEOUT_S = 0.5


class Station:
    """A machine with cameras and a source that reads one of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.machine = Cameras(folder, self.clock)
        self.seen = Seen()
        opencv = self.machine.opencv()
        monkeypatch.setattr("edge_runtime.capture.v4l2.load_opencv", lambda: opencv)

    def source(self, camera: str = "usb:1-1.2", **keys: object) -> V4l2Source:
        settings = V4l2Settings.model_construct(
            kind="v4l2", camera=camera, **{"read_timeout_s": READ_TIMEOUT_S, "controls": CameraControls()} | keys
        )
        return V4l2Source(settings, self.seen, self.clock, sysfs=self.machine.sysfs, dev=self.machine.dev)

    def opened(self, camera: str = "usb:1-1.2", **keys: object) -> V4l2Source:
        source = self.source(camera, **keys)
        source.open()
        return source


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    return Station(tmp_path, monkeypatch)


class TestV4l2(SourceContract):
    @pytest.fixture
    def source(self, station: Station) -> V4l2Source:
        station.machine.plug_in(0)
        return station.opened()

    @pytest.fixture
    def absent(self, station: Station) -> V4l2Source:
        station.machine.plug_in(0, "1-4")
        return station.source()


class TestV4l2ThatSendsJpeg(SourceContract):
    @pytest.fixture
    def source(self, station: Station) -> V4l2Source:
        station.machine.plug_in(0)
        return station.opened(fourcc="MJPG")

    @pytest.fixture
    def absent(self, station: Station) -> V4l2Source:
        return station.source(fourcc="MJPG")


def test_a_camera_that_comes_back_under_another_number_is_followed(station: Station) -> None:
    first = station.machine.plug_in(0)
    source = station.opened()
    source.advance()
    station.machine.unplug(first)
    with pytest.raises(SourceLost, match="found the camera gone; check its cable"):
        source.advance()
    source.close()
    again = station.machine.plug_in(6)
    source.open()
    source.advance()
    assert again.frames == 1


def test_another_camera_under_the_old_number_is_refused(station: Station) -> None:
    mine = station.machine.plug_in(0, "1-1", serial="A1")
    by_number = str(station.machine.dev / "video0")
    source = station.opened(by_number)
    source.close()
    station.machine.unplug(mine)
    station.machine.plug_in(0, "1-2", serial="B2")
    with pytest.raises(SourceLost, match=r"wanted the camera that was there before, .*A1.*found another one, .*B2"):
        source.open()
    assert station.machine.open_captures == 0
    with pytest.raises(SourceLost, match="found another one"):
        station.source(by_number).open()


def test_a_camera_of_another_make_in_the_same_port_is_refused_and_one_of_the_same_make_is_not(station: Station) -> None:
    mine = station.machine.plug_in(0, serial="A1")
    source = station.opened()
    source.close()
    station.machine.unplug(mine)
    other = station.machine.plug_in(0, model="1bcf:2281", card="Cheap")
    with pytest.raises(SourceLost, match="found another one"):
        source.open()
    station.machine.unplug(other)
    station.machine.plug_in(0, serial="SPARE")
    source.open()


def test_a_camera_that_changes_while_it_is_opened_is_not_taken(station: Station) -> None:
    mine = station.machine.plug_in(0, "1-1.2", serial="A1")

    def swap() -> None:
        station.machine.opening = lambda: None
        station.machine.unplug(mine)
        station.machine.plug_in(0, "1-1.2", serial="B2")

    station.machine.opening = swap
    with pytest.raises(SourceLost, match="while it was opened"):
        station.opened()
    assert station.machine.open_captures == 0


def test_a_bare_number_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    builder(V4l2Settings(kind="v4l2", camera="/dev/video0"), FakeClock())
    assert "the kernel may give this number to another camera" in caplog.text
    caplog.clear()
    builder(V4l2Settings(kind="v4l2", camera="usb:1-1"), FakeClock())
    assert caplog.text == ""


def test_a_camera_that_is_in_use_is_lost_with_a_next_step(station: Station) -> None:
    station.machine.plug_in(0)
    station.machine.busy.add(str(station.machine.dev / "video0"))
    with pytest.raises(SourceLost, match=r"check that no other program uses it \(fuser .*video0\)"):
        station.opened()


def test_a_driver_that_stalls_is_lost_in_time(station: Station) -> None:
    camera = station.machine.plug_in(0)
    source = station.opened()
    camera.is_silent = True
    begun_ns = station.clock.now_ns()
    with pytest.raises(SourceLost, match=r"within 0\.5 s, found silence"):
        source.advance()
    assert station.clock.now_ns() - begun_ns == pytest.approx(READ_TIMEOUT_S * 1e9)


def test_what_nobody_wants_is_not_converted(station: Station) -> None:
    station.machine.plug_in(0)
    source = station.opened()
    for _ in range(10):
        source.advance()
    assert station.machine.converted == 0
    source.reading()
    assert station.machine.converted == 1


def test_each_step_is_a_new_frame_even_where_nobody_wanted_the_last(station: Station) -> None:
    camera = station.machine.plug_in(0)
    source = station.opened()
    for _ in range(10):
        source.advance()
    assert camera.frames == 10


def test_few_buffers_keep_the_frames_new(station: Station) -> None:
    camera = station.machine.plug_in(0)
    station.opened()
    assert camera.properties[cv2.CAP_PROP_BUFFERSIZE] == 2


@pytest.mark.parametrize(("offset_ms", "age_ms"), [(-40, 40), (0, 0), (25, 0), (1.7e12, 0), (-999_000, 0)])
def test_a_frame_is_as_old_as_its_driver_says_if_that_can_be(station: Station, offset_ms: float, age_ms: int) -> None:
    station.machine.plug_in(0)
    station.machine.stamp_offset_ms = offset_ms
    source = station.opened()
    source.advance()
    assert station.clock.now_ns() - source.reading().captured_at_ns == pytest.approx(age_ms * 1e6, abs=1000)


def test_a_frame_that_waited_for_minutes_is_as_old_as_that(station: Station) -> None:
    station.machine.plug_in(0)
    source = station.opened()
    source.advance()
    station.machine.stamp_offset_ms = -120_000
    source.advance()
    assert station.clock.now_ns() - source.reading().captured_at_ns == pytest.approx(120e9)


def test_a_damaged_jpeg_of_a_camera_is_a_bad_frame_and_no_grey_one(station: Station) -> None:
    camera = station.machine.plug_in(0)
    source = station.opened(fourcc="MJPG")
    whole = jpeg()
    for content in (whole[: len(whole) // 2], whole[:500] + bytes(len(whole) - 502) + whole[-2:]):
        camera.jpeg = content
        source.advance()
        assert isinstance(source.reading(), BadReading)


def test_a_jpeg_with_the_padding_that_usb_cameras_leave_is_whole(station: Station) -> None:
    station.machine.plug_in(0).jpeg = jpeg() + bytes(300)
    source = station.opened(fourcc="MJPG")
    SourceContract.next_frame(source)


def test_size_rate_and_controls_are_set(station: Station) -> None:
    camera = station.machine.plug_in(0)
    controls = CameraControls(exposure_us=5000, gain=12, white_balance_k=5200)
    station.opened(width_px=640, height_px=360, fps=15, fourcc="MJPG", controls=controls)
    found = camera.properties
    assert (found[cv2.CAP_PROP_FRAME_WIDTH], found[cv2.CAP_PROP_FRAME_HEIGHT], found[cv2.CAP_PROP_FPS]) == (
        640,
        360,
        15,
    )
    assert (found[cv2.CAP_PROP_AUTO_EXPOSURE], found[cv2.CAP_PROP_EXPOSURE]) == (1, 50)
    assert (found[cv2.CAP_PROP_GAIN], found[cv2.CAP_PROP_AUTO_WB], found[cv2.CAP_PROP_WB_TEMPERATURE]) == (12, 0, 5200)


def test_a_control_that_the_camera_has_not_is_told_and_the_camera_given_back(station: Station) -> None:
    station.machine.plug_in(0)
    with pytest.raises(SourceLost, match=r"wanted controls\.focus .*check v4l2-ctl --list-ctrls"):
        station.opened(controls=CameraControls(focus=10))
    assert station.machine.open_captures == 0


def test_a_size_that_the_camera_does_not_give_is_told_instead_of_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.machine.plug_in(0)
    monkeypatch.setattr("tests.fakes.cameras._Capture.set", lambda *_: True)
    with pytest.raises(SourceLost, match=r"wanted 1920×1080 .*found that it gives 64×48 YUYV; check v4l2-ctl"):
        station.opened(width_px=1920, height_px=1080)


def test_another_rate_is_said(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    station.machine.plug_in(0)
    monkeypatch.setattr("tests.fakes.cameras._Capture.set", lambda *_: True)
    station.opened(fps=60)
    assert "wanted 60 frames a second, found 30" in caplog.text


def test_two_hundred_openings_close_the_camera_each_time(station: Station) -> None:
    station.machine.plug_in(0)
    source = station.source()
    for _ in range(200):
        source.open()
        source.advance()
    source.close()
    assert station.machine.open_captures == 0
