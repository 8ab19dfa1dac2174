"""A Raspberry Pi's ribbon-cable camera, through picamera2, which Raspberry Pi OS brings and pip does not.

A completed request holds one of the camera's buffers until it is given back, so one is held at a time and its pixels
are copied only when the reader asks for them.
"""

from __future__ import annotations

import concurrent.futures
import logging
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from edge_contracts.errors import MissingExtraError
from edge_runtime.capture.source import Reading, SourceLost
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_contracts.station import CsiSource as CsiSettings
    from edge_runtime.capture.source import Source
    from edge_runtime.clock import Clock

_STREAM: Final = "main"
_FORMAT: Final = "BGR888"
"""Named after the order of the bits in a word: in memory it is red, green, blue."""
_BUFFERS: Final = 3
"""One is filled, one waits, one is read."""
_MANUAL_FOCUS: Final = 0
"""libcamera's AfModeManual."""

_log = logging.getLogger(__name__)


def since_boot_ns() -> int:
    """The clock of libcamera's sensor stamps: like the monotonic one, but it goes on while the board sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class CsiSource:
    """One camera.

    Args:
        settings: which camera, how large, how fast, and its controls.
        picamera2: the class `Picamera2`, or what stands in for it.
        clock: stamps the frames.
        since_boot: the clock of the sensor's stamps, in nanoseconds.
    """

    def __init__(
        self, settings: CsiSettings, picamera2: Any, clock: Clock, since_boot: Callable[[], int] = since_boot_ns
    ) -> None:
        self._settings = settings
        self._picamera2 = picamera2
        self._clock = clock
        self._since_boot = since_boot
        self._camera: Any = None
        self._request: Any = None
        self._shown = f"the camera {settings.camera}" if settings.camera else "the camera"
        self._captured_at_ns = 0
        self._number = 0

    def open(self) -> None:
        """Find the camera, set it up, start it.

        Raises:
            SourceLost: it is not there, is in use, or does not do what is asked of it.
        """
        self.close()
        place = self._place()
        try:
            self._camera = self._picamera2(place)
            self._camera.configure(self._configuration())
            self._check_size()
            self._camera.start()
        except SourceLost:
            self.close()
            raise
        except Exception as error:  # libcamera raises what it likes
            self.close()
            raise SourceLost(
                f"wanted to start {self._shown}, found that libcamera refuses ({error}); check that no other program "
                "uses it, and `controls`"
            ) from error
        self._number = 0

    def advance(self) -> None:
        """Take the next completed request, without copying its pixels.

        Raises:
            SourceLost: none came in time.
        """
        self._give_back()
        job = self._camera.capture_request(wait=False)
        try:
            self._request = job.get_result(timeout=self._settings.read_timeout_s)
        except (TimeoutError, concurrent.futures.TimeoutError) as error:
            self._camera.cancel_all_and_flush()
            raise SourceLost(
                f"wanted a frame from {self._shown} within {self._settings.read_timeout_s:g} s, found silence; "
                "check the ribbon cable, and exposure_us against fps"
            ) from error
        self._number += 1
        now_ns = self._clock.now_ns()
        stamp_ns = self._request.get_metadata().get("SensorTimestamp")
        age_ns = 0 if stamp_ns is None else max(self._since_boot() - int(stamp_ns), 0)
        self._captured_at_ns = now_ns - age_ns

    def reading(self) -> Reading:
        """Copy the pixels out of the camera's buffer."""
        return Frame(self._request.make_array(_STREAM), self._captured_at_ns, self._number)

    def close(self) -> None:
        """Give everything back."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        try:
            self._give_back()
            camera.stop()
        except Exception:  # noqa: BLE001 - a camera that fails while it is stopped must be closed all the same
            _log.exception("%s did not stop", self._shown)
        finally:
            camera.close()

    def _give_back(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()

    def _place(self) -> int:
        """Where the camera stands in libcamera's list: its place there changes when another one is missing."""
        found = [str(each.get("Id", "")) for each in self._picamera2.global_camera_info()]
        wanted = self._settings.camera
        places = [place for place, name in enumerate(found) if wanted is None or wanted in name]
        if len(places) == 1:
            return places[0]
        listed = ", ".join(found) or "no camera at all"
        if places:
            raise SourceLost(
                f"wanted one camera, found {listed}; check which is meant and write a part of its name as source.camera"
            )
        raise SourceLost(
            f"wanted {self._shown}, found {listed}; check the ribbon cable, and the list of rpicam-hello --list-cameras"
        )

    def _configuration(self) -> Any:
        asked = self._settings
        return self._camera.create_video_configuration(
            main={"size": (asked.width_px, asked.height_px), "format": _FORMAT},
            controls={"FrameRate": asked.fps} | self._controls(),
            buffer_count=_BUFFERS,
            queue=False,
            display=None,
            encode=None,
        )

    def _controls(self) -> dict[str, Any]:
        asked = self._settings.controls
        controls: dict[str, Any] = {}
        if asked.exposure_us is not None:
            controls["ExposureTime"] = asked.exposure_us
        if asked.gain is not None:
            controls["AnalogueGain"] = asked.gain
        if asked.red_gain is not None:
            controls["ColourGains"] = (asked.red_gain, asked.blue_gain)
        if asked.focus is not None:
            controls |= {"AfMode": _MANUAL_FOCUS, "LensPosition": asked.focus}
        return controls

    def _check_size(self) -> None:
        asked = (self._settings.width_px, self._settings.height_px)
        size = tuple(self._camera.camera_configuration()[_STREAM]["size"])
        if size != asked:
            raise SourceLost(
                f"wanted {asked[0]}×{asked[1]} from {self._shown}, found that it gives {size[0]}×{size[1]}; check "
                "rpicam-hello --list-cameras"
            )


def builder(settings: CsiSettings, clock: Clock) -> Callable[[threading.Event], Source]:
    """What makes the sources that the configuration asks for.

    Raises:
        MissingExtraError: picamera2 is not installed; the message says how it is.
    """
    try:
        picamera2 = import_module("picamera2").Picamera2
    except ImportError as error:
        raise MissingExtraError(
            f"wanted picamera2 for a source of the kind 'csi', found it missing ({error}); apt-get install "
            "python3-picamera2, and make the environment with python3 -m venv --system-site-packages"
        ) from error
    return lambda _: CsiSource(settings, picamera2, clock)
