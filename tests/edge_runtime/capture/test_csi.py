"""Against a stand-in of picamera2: no machine that builds us has a ribbon cable."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import CsiControls
from edge_contracts.station import CsiSource as CsiSettings
from edge_runtime.capture.csi import CsiSource, builder
from edge_runtime.capture.source import SourceLost
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.clock import FakeClock
from tests.fakes.picamera2 import OTHER_SENSOR, SENSOR, Picamera2Module

if TYPE_CHECKING:
    from collections.abc import Iterator


def source_of(library: Picamera2Module, **keys: object) -> CsiSource:
    settings = CsiSettings(kind="csi", width_px=64, height_px=64, read_timeout_s=0.05, **keys)
    return CsiSource(settings, library.Picamera2, FakeClock(), lambda: library.boot_ns)


@pytest.fixture
def library() -> Picamera2Module:
    return Picamera2Module()


class TestCsi(SourceContract):
    @pytest.fixture
    def source(self, library: Picamera2Module) -> Iterator[CsiSource]:
        source = source_of(library)
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self) -> CsiSource:
        return source_of(Picamera2Module(cameras=[]))


def test_red_is_red(library: Picamera2Module) -> None:
    source = source_of(library)
    source.open()
    red, green, blue = SourceContract.next_frame(source).pixels.mean(axis=(0, 1))
    assert red > green > blue


def test_a_frame_is_as_old_as_the_sensor_says(library: Picamera2Module) -> None:
    library.lag_ns = 40_000_000
    source = source_of(library)
    source.open()
    source.advance()
    assert FakeClock().now_ns() - source.reading().captured_at_ns == 40_000_000


def test_what_nobody_wants_is_not_copied_and_no_buffer_is_kept(library: Picamera2Module) -> None:
    source = source_of(library)
    source.open()
    for _ in range(20):
        source.advance()
    assert library.copied == 0
    source.reading()
    assert library.copied == 1


def test_a_request_that_never_comes_loses_the_camera_in_time_and_gives_it_back(
    library: Picamera2Module, caplog: pytest.LogCaptureFixture
) -> None:
    source = source_of(library)
    source.open()
    source.advance()
    library.stalled = True
    with pytest.raises(SourceLost, match=r"within 0\.05 s, found silence; check the ribbon cable"):
        source.advance()
    source.close()
    assert library.in_use == set()
    assert "did not stop" not in caplog.text
    library.stalled = False
    source.open()
    assert SourceContract.next_frame(source).number == 1


def test_two_hundred_openings_give_the_camera_back_each_time(library: Picamera2Module) -> None:
    source = source_of(library)
    for _ in range(200):
        source.open()
        source.advance()
        source.close()
    assert library.in_use == set()


def test_a_camera_that_another_program_holds_is_lost_with_a_next_step(library: Picamera2Module) -> None:
    first, second = source_of(library), source_of(library)
    first.open()
    with pytest.raises(SourceLost, match=r"libcamera refuses .*check that no other program"):
        second.open()
    first.close()
    second.open()


def test_with_two_cameras_the_name_decides_and_the_place_does_not() -> None:
    library = Picamera2Module(cameras=[SENSOR, OTHER_SENSOR])
    with pytest.raises(SourceLost, match=r"wanted one camera, found .*imx708.*imx219"):
        source_of(library).open()
    source = source_of(library, camera="imx219")
    source.open()
    assert library.in_use == {OTHER_SENSOR}
    source.close()
    library.cameras = [SENSOR]
    with pytest.raises(SourceLost, match=r"wanted the camera imx219, found .*imx708"):
        source.open()
    assert library.in_use == set()


def test_what_is_asked_of_the_camera_is_told_to_it(library: Picamera2Module) -> None:
    controls = CsiControls(exposure_us=4000, gain=2.0, red_gain=1.5, blue_gain=1.25, focus=4.0)
    source_of(library, controls=controls, fps=60).open()
    assert library.told == [{
        "FrameRate": 60, "ExposureTime": 4000, "AnalogueGain": 2.0, "ColourGains": (1.5, 1.25),
        "AfMode": 0, "LensPosition": 4.0,
    }]  # fmt: skip


def test_a_control_that_the_camera_has_not_is_told() -> None:
    library = Picamera2Module(controls={"FrameRate"})
    with pytest.raises(SourceLost, match=r"(LensPosition|AfMode) is not advertised"):
        source_of(library, controls=CsiControls(focus=1)).open()
    assert library.in_use == set()


def test_a_size_that_the_camera_does_not_give_is_told_instead_of_taken() -> None:
    library = Picamera2Module(width_max_px=32)
    with pytest.raises(SourceLost, match=r"wanted 64×64 .* found that it gives 32×64"):
        source_of(library).open()
    assert library.in_use == set()


def test_where_picamera2_is_missing_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(MissingExtraError, match=r"apt-get install python3-picamera2.*--system-site-packages"):
        builder(CsiSettings(kind="csi"), FakeClock())


def test_the_library_is_looked_for_when_a_station_asks_for_it(
    library: Picamera2Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", library)
    source = builder(CsiSettings(kind="csi"), FakeClock())(threading.Event())
    source.open()
    assert library.in_use == {SENSOR}
    source.close()
