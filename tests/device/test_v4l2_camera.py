"""A real kernel's camera (vivid): the contract of every source, replugging, and the faults that a driver has."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import CameraControls
from edge_contracts.station import V4l2Source as V4l2Settings
from edge_runtime.capture.backoff import Backoff
from edge_runtime.capture.reader import Reader
from edge_runtime.capture.source import SourceLost
from edge_runtime.capture.v4l2 import Seen, V4l2Source, builder
from edge_runtime.capture.video_node import video_nodes
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Frame
from tests.device import vivid
from tests.edge_runtime.capture.source_contract import SourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.device, pytest.mark.timeout(300)]

DEVICE = Path("/dev/video0")
WIDTH_PX, HEIGHT_PX = 640, 360
READ_TIMEOUT_S = 2.0
PATIENCE_S = 60.0


def settings_of(camera: str = vivid.BY_PATH, **keys: object) -> V4l2Settings:
    size = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "fps": 10, "fourcc": "YUYV"}
    return V4l2Settings(kind="v4l2", camera=camera, read_timeout_s=READ_TIMEOUT_S, **size | keys)


def source_of(camera: str = vivid.BY_PATH, seen: Seen | None = None, **keys: object) -> V4l2Source:
    return V4l2Source(settings_of(camera, **keys), seen or Seen(), MonotonicClock())


@pytest.fixture(autouse=True)
def _plugged_in() -> Iterator[None]:
    if not DEVICE.exists():
        vivid.plug_in()
    yield
    vivid.unplug()


@pytest.fixture
def source() -> Iterator[V4l2Source]:
    source = source_of()
    source.open()
    yield source
    source.close()


class TestV4l2OnARealKernel(SourceContract):
    @pytest.fixture
    def absent(self) -> V4l2Source:
        return source_of("/dev/v4l/by-path/platform-vivid.9-video-index0")


def test_the_kernel_tells_of_its_camera() -> None:
    (node,) = video_nodes()
    assert (node.path, node.index, node.usb_path) == (DEVICE, 0, "")
    assert "vivid" in node.card


def test_frames_come_at_their_rate_and_are_dated_by_the_driver(source: V4l2Source) -> None:
    source.advance()
    begun_s = time.monotonic()
    ages_s = []
    for _ in range(20):
        source.advance()
        reading = source.reading()
        ages_s.append(time.monotonic() - reading.captured_at_ns / 1e9)
    assert 1.0 < time.monotonic() - begun_s < 4.0
    assert source._believes_stamps
    assert max(ages_s) < 0.5


def test_each_step_is_a_new_frame_even_where_nobody_wanted_the_last(source: V4l2Source) -> None:
    source.advance()
    begun_s, stamps = time.monotonic(), set()
    for _ in range(20):
        source.advance()
        stamps.add(source._captured_at_ns)
    assert len(stamps) == 20
    assert time.monotonic() - begun_s > 1.0


def test_every_pixel_format_shows_the_same_colours() -> None:
    """Vivid's colour bars, from left to right, in each format that is converted and in one that OpenCV converts."""
    shown = {}
    for fourcc in ("YUYV", "UYVY", "NV12", "YU12", "BGR3", "RGB3"):
        source = source_of(fourcc=fourcc)
        source.open()
        source.advance()
        pixels = SourceContract.next_frame(source).pixels
        source.close()
        assert pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
        shown[fourcc] = np.median(pixels.reshape(HEIGHT_PX, 8, WIDTH_PX // 8, 3), axis=(0, 2))
    assert shown["RGB3"].max() > 150
    for fourcc, colours in shown.items():
        assert np.abs(colours - shown["RGB3"]).max() < 30, (fourcc, colours, shown["RGB3"])


def test_a_frame_that_waited_in_a_buffer_is_as_old_as_it_is(source: V4l2Source) -> None:
    source.advance()
    time.sleep(2.0)
    source.advance()
    assert time.monotonic() - source.reading().captured_at_ns / 1e9 > 1.0


def test_a_driver_that_keeps_every_buffer_is_lost_in_time(source: V4l2Source) -> None:
    source.advance()
    vivid.press(DEVICE, "Percentage of Dropped Buffers", 100)
    begun_s = time.monotonic()
    with pytest.raises(SourceLost, match="found silence"):
        read_on(source)
    assert time.monotonic() - begun_s < READ_TIMEOUT_S * 2
    vivid.press(DEVICE, "Percentage of Dropped Buffers", 0)
    source.open()
    source.advance()


@pytest.mark.parametrize("fault", ["Disconnect", "Inject Fatal Streaming Error"])
def test_a_camera_that_dies_is_lost_at_once(source: V4l2Source, fault: str) -> None:
    source.advance()
    vivid.press(DEVICE, fault)
    begun_s = time.monotonic()
    with pytest.raises(SourceLost, match=r"found (the camera gone|silence)"):
        read_on(source)
    assert time.monotonic() - begun_s < READ_TIMEOUT_S * 2


@pytest.mark.parametrize("fault", ["Inject VIDIOC_QBUF Error", "Inject VIDIOC_STREAMON Error"])
def test_a_camera_that_does_not_start_is_lost_and_starts_the_next_time(fault: str) -> None:
    vivid.press(DEVICE, fault)
    source = source_of()
    with pytest.raises(SourceLost):
        start(source)
    source.close()
    start(source)
    source.close()


def test_a_camera_that_comes_back_as_another_number_is_followed(source: V4l2Source) -> None:
    source.advance()
    vivid.press(DEVICE, "Disconnect")
    with pytest.raises(SourceLost):
        read_on(source)
    source.close()
    vivid.unplug()
    vivid.plug_in(5)
    assert not DEVICE.exists()
    source.open()
    assert SourceContract.next_frame(source).pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert source._seen.camera.path == Path("/dev/video5")


def test_by_its_bare_number_a_camera_is_not_followed_and_says_so(source: V4l2Source) -> None:
    source.close()
    by_number = source_of(str(DEVICE), Seen())
    by_number.open()
    by_number.close()
    vivid.unplug()
    vivid.plug_in(5)
    with pytest.raises(SourceLost, match=r"wanted the camera /dev/video0, found /dev/video5"):
        by_number.open()


def test_another_camera_under_the_old_number_is_refused(tmp_path: Path) -> None:
    """The kernel's own tree, with a USB device of two serial numbers above the same node."""
    source = V4l2Source(settings_of("/dev/video0"), Seen(), MonotonicClock(), sysfs=usb_tree(tmp_path / "a", "A1"))
    source.open()
    source.advance()
    source.close()
    source._sysfs = usb_tree(tmp_path / "b", "B2")
    with pytest.raises(
        SourceLost, match=r"wanted the camera that was there before.*serial:A1.*found another.*serial:B2"
    ):
        source.open()


def test_by_its_serial_number_a_camera_is_followed_from_node_to_node(tmp_path: Path) -> None:
    source = V4l2Source(settings_of("serial:A1"), Seen(), MonotonicClock(), sysfs=usb_tree(tmp_path / "a", "A1"))
    source.open()
    source.advance()
    source.close()
    vivid.unplug()
    vivid.plug_in(7)
    source._sysfs = usb_tree(tmp_path / "b", "A1", 7)
    source.open()
    source.advance()
    assert source._seen.camera.path == Path("/dev/video7")
    source.close()


def usb_tree(folder: Path, serial: str, number: int = 0) -> Path:
    """What sysfs would say if vivid hung on a USB port: its own attributes below a USB device."""
    usb = folder / "devices" / "usb1" / "1-1"
    node = usb / "1-1:1.0" / "video4linux" / f"video{number}"
    node.mkdir(parents=True)
    real = Path("/sys/class/video4linux") / node.name
    for name in ("name", "index"):
        (node / name).write_text((real / name).read_text())
    (node / "device").symlink_to("../../../1-1:1.0")
    for name, value in {"idVendor": "046d", "idProduct": "0825", "serial": serial}.items():
        (usb / name).write_text(f"{value}\n")
    (folder / "class" / "video4linux").mkdir(parents=True)
    (folder / "class" / "video4linux" / node.name).symlink_to(node)
    return folder


def test_controls_and_sizes_are_set_and_what_is_missing_is_told() -> None:
    source = source_of(controls=CameraControls(gain=40))
    source.open()
    source.close()
    with pytest.raises(SourceLost, match=r"wanted controls\.exposure_us"):
        source_of(controls=CameraControls(exposure_us=500)).open()
    with pytest.raises(SourceLost, match=r"wanted 647×360 YUYV"):
        source_of(width_px=647).open()
    with pytest.raises(SourceLost, match=r"wanted 640×360 MJPG .*found that it gives 640×360"):
        source_of(fourcc="MJPG").open()


def test_thirty_openings_leave_no_file_and_no_thread() -> None:
    source = source_of()
    start(source)
    source.close()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(30):
        start(source)
        source.close()
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


def test_a_reader_finds_a_camera_again_that_was_pulled_out_and_plugged_in_elsewhere() -> None:
    reader = Reader(
        "gate",
        builder(settings_of(), MonotonicClock()),
        live=True,
        clock=MonotonicClock(),
        backoff=Backoff(lambda: 1.0, first_s=1.0, most_s=1.0),
        stuck_after_s=30.0,
    )
    reader.start()
    assert isinstance(reader.take(PATIENCE_S), Frame)
    vivid.pull_out(DEVICE)
    assert reader.counts.lost > 0
    vivid.plug_in(3)
    plugged_in_s = time.monotonic()
    reader.want()
    while reader.take(1.0) is None:
        assert time.monotonic() - plugged_in_s < PATIENCE_S
    took_s = time.monotonic() - plugged_in_s
    assert reader.stop(PATIENCE_S)
    assert took_s < 5.0
    assert reader.without_source_s > 0
    assert reader.counts.abandoned == 0


def read_on(source: V4l2Source) -> None:
    for _ in range(100):
        source.advance()


def start(source: V4l2Source) -> None:
    source.open()
    source.advance()
