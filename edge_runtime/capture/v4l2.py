"""A camera of this machine (V4L2: USB and most others), read with OpenCV and found by its port or serial number.

A frame is fetched as the camera sends it; one that the reader does not ask for costs a copy and no conversion. A
camera that sends JPEGs has them decoded here, with the checks of every JPEG (lost packets are seen, single wrong bits
are not), because OpenCV fills what USB lost with grey.

Seen with OpenCV 5.0: `waitAny` fetches a frame, and gives the same one again, at once and for ever, until it was
retrieved. So every frame is.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from edge_runtime.capture.opencv_capture import open_capture
from edge_runtime.capture.picture_file import PictureRejected, decode_picture, load_opencv
from edge_runtime.capture.source import BadReading, Reading, SourceLost
from edge_runtime.capture.video_node import DEV, SYSFS, VideoNode, find_camera, video_nodes
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import V4l2Source as V4l2Settings
    from edge_runtime.capture.source import Source
    from edge_runtime.clock import Clock

_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_BUFFERS: Final = 2
"""One is filled while the other is read; each further one would only grow old."""
_STAMP_OLDEST_NS: Final = 60 * _NS_PER_S
_US_PER_EXPOSURE_STEP: Final = 100
"""V4L2_CID_EXPOSURE_ABSOLUTE counts in 100 µs."""
_MANUAL_EXPOSURE: Final = 1
"""V4L2_EXPOSURE_MANUAL."""
_JPEG: Final = frozenset({"MJPG", "JPEG"})
_TO_RGB: Final = {
    "YUYV": "COLOR_YUV2RGB_YUY2",
    "UYVY": "COLOR_YUV2RGB_UYVY",
    "NV12": "COLOR_YUV2RGB_NV12",
    "YU12": "COLOR_YUV2RGB_I420",
    "GREY": "COLOR_GRAY2RGB",
    "BGR3": "COLOR_BGR2RGB",
}
"""Pixel formats that are converted here, by OpenCV's name of the conversion; OpenCV itself converts others to BGR."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Seen:
    """Which camera this run has seen; outlives the sources that read it."""

    camera: VideoNode | None = None


class V4l2Source:
    """One camera.

    Args:
        settings: which camera, how large, how fast, and its controls.
        seen: the camera that this run has seen; another one in its place is refused.
        clock: stamps the frames; its zero is the kernel's monotonic one, as in the driver's stamps.
        sysfs, dev: where the kernel tells of its cameras, and where their nodes are.
    """

    def __init__(
        self, settings: V4l2Settings, seen: Seen, clock: Clock, *, sysfs: Path = SYSFS, dev: Path = DEV
    ) -> None:
        self._settings = settings
        self._seen = seen
        self._clock = clock
        self._sysfs = sysfs
        self._dev = dev
        self._capture: Any = None
        self._fourcc = ""
        self._holds = False
        self._believes_stamps = True
        self._captured_at_ns = 0
        self._number = 0

    def open(self) -> None:
        """Find the camera, open it, set it up.

        Raises:
            SourceLost: it is not there, is another one, is in use, or does not do what is asked of it.
        """
        self.close()
        node = self._find()
        self._refuse_another(node)
        try:
            self._set_up(node)
            self._refuse_a_swap(node)
        except BaseException:
            self.close()
            raise
        self._seen.camera = node
        self._number, self._believes_stamps, self._holds = 0, True, False
        _log.info("%s is %s", self._settings.camera, node)

    def advance(self) -> None:
        """Fetch the next frame without converting it.

        Raises:
            SourceLost: none came in time, or the camera is gone.
        """
        cv2 = load_opencv()
        self._drop()
        wanted = f"wanted a frame from {self._seen.camera} within {self._settings.read_timeout_s:g} s"
        try:
            came, _ = cv2.VideoCapture.waitAny([self._capture], int(self._settings.read_timeout_s * _NS_PER_S))
        except cv2.error as error:
            raise SourceLost(f"{wanted}, found the camera gone; check its cable and power") from error
        if not came:
            raise SourceLost(f"{wanted}, found silence; check its cable, power and the light that it needs")
        self._holds = True
        self._number += 1
        self._captured_at_ns = self._date(float(self._capture.get(cv2.CAP_PROP_POS_MSEC)))

    def reading(self) -> Reading:
        """Convert the frame."""
        found, raw = self._capture.retrieve()
        self._holds = False
        try:
            pixels = self._converted(raw if found else None)
        except PictureRejected as error:
            return BadReading("", self._number, self._captured_at_ns, str(error))
        return Frame(pixels, self._captured_at_ns, self._number)

    def close(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _drop(self) -> None:
        """Give back the buffer of a frame that nobody wanted."""
        if self._holds:
            self._capture.retrieve()
            self._holds = False

    def _converted(self, raw: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8]:
        if raw is None:
            raise PictureRejected(f"wanted a frame from {self._seen.camera}, found one that cannot be fetched")
        if self._fourcc in _JPEG:
            return decode_picture(raw.tobytes(), f"a frame of {self._seen.camera}")
        cv2 = load_opencv()
        try:
            conversion = getattr(cv2, _TO_RGB.get(self._fourcc, "COLOR_BGR2RGB"))
            return cast("npt.NDArray[np.uint8]", cv2.cvtColor(raw, conversion))
        except cv2.error as error:
            raise PictureRejected(
                f"wanted a frame of {self._fourcc} from {self._seen.camera}, found {raw.shape} bytes ({error.err})"
            ) from error

    def _find(self) -> VideoNode:
        nodes = video_nodes(self._sysfs, self._dev)
        return find_camera(self._settings.camera, self._settings.node, nodes)

    def _refuse_another(self, node: VideoNode) -> None:
        """The port may be given to a camera of the same make; a bare number only to the very same one."""
        seen = self._seen.camera
        if seen is None:
            return
        same = (node.model, node.card) == (seen.model, seen.card)
        if self._settings.camera.startswith(f"{self._dev}/video"):
            same = same and (node.serial, node.usb_path) == (seen.serial, seen.usb_path)
        if not same:
            raise SourceLost(
                f"wanted the camera that was there before, {seen}, found another one, {node}; "
                "check which is plugged in where, and restart the daemon if it was changed on purpose"
            )

    def _refuse_a_swap(self, node: VideoNode) -> None:
        if (now := self._find()) != node:
            raise SourceLost(f"wanted {node}, found that it became {now} while it was opened; check its cable")

    def _set_up(self, node: VideoNode) -> None:
        cv2 = load_opencv()
        self._capture = open_capture(cv2, str(node.path), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise SourceLost(
                f"wanted to open {node}, found that the system refuses; check that no other program uses it "
                f"(fuser {node.path}) and that this user is in the group 'video'"
            )
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, _BUFFERS)
        self._set_format(node, cv2)
        self._set_controls(node, cv2)

    def _set_format(self, node: VideoNode, cv2: Any) -> None:
        asked = self._settings
        if asked.fourcc is not None:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*asked.fourcc))
        if asked.width_px is not None and asked.height_px is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, asked.width_px)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, asked.height_px)
        if asked.fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, asked.fps)
        fourcc = int(self._capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1")
        size = (int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        if fourcc != (asked.fourcc or fourcc) or size != (asked.width_px or size[0], asked.height_px or size[1]):
            raise SourceLost(
                f"wanted {asked.width_px or 'any'}×{asked.height_px or 'any'} {asked.fourcc or ''} from {node}, "
                f"found that it gives {size[0]}×{size[1]} {fourcc}; check v4l2-ctl --list-formats-ext -d {node.path}"
            )
        if asked.fps is not None and not math.isclose(
            rate := self._capture.get(cv2.CAP_PROP_FPS), asked.fps, rel_tol=0.05
        ):
            _log.warning("%s: wanted %g frames a second, found %g", node, asked.fps, rate)
        self._fourcc = fourcc
        self._capture.set(cv2.CAP_PROP_CONVERT_RGB, int(fourcc not in _JPEG and fourcc not in _TO_RGB))

    def _set_controls(self, node: VideoNode, cv2: Any) -> None:
        asked = self._settings.controls
        if asked.exposure_us is not None:
            self._set(node, "exposure_us", cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE)
            self._set(node, "exposure_us", cv2.CAP_PROP_EXPOSURE, asked.exposure_us / _US_PER_EXPOSURE_STEP)
        if asked.gain is not None:
            self._set(node, "gain", cv2.CAP_PROP_GAIN, asked.gain)
        if asked.white_balance_k is not None:
            self._set(node, "white_balance_k", cv2.CAP_PROP_AUTO_WB, 0)
            self._set(node, "white_balance_k", cv2.CAP_PROP_WB_TEMPERATURE, asked.white_balance_k)
        if asked.focus is not None:
            self._set(node, "focus", cv2.CAP_PROP_AUTOFOCUS, 0)
            self._set(node, "focus", cv2.CAP_PROP_FOCUS, asked.focus)

    def _set(self, node: VideoNode, name: str, control: int, value: float) -> None:
        if not self._capture.set(control, value):
            raise SourceLost(
                f"wanted controls.{name} on {node}, found that the camera has no such control or refuses the value; "
                f"check v4l2-ctl --list-ctrls -d {node.path}"
            )
        if round(found := self._capture.get(control)) != round(value):
            _log.warning("%s: wanted controls.%s of %g, found %g; is an automatic on?", node, name, value, found)

    def _date(self, stamp_ms: float) -> int:
        """When the frame was taken: the driver's own stamp where it is one of this clock, else the arrival."""
        now_ns = self._clock.now_ns()
        age_ns = now_ns - int(stamp_ms * _NS_PER_MS)
        if self._believes_stamps and self._number == 1 and not -_NS_PER_S < age_ns < _STAMP_OLDEST_NS:
            _log.warning(
                "%s: its driver's time stamps are of another clock; frames are dated by their arrival",
                self._seen.camera,
            )
            self._believes_stamps = False
        return now_ns - max(age_ns, 0) if self._believes_stamps else now_ns


def builder(settings: V4l2Settings, clock: Clock) -> Callable[[threading.Event], Source]:
    """What makes the sources that the configuration asks for; they know which camera this run has seen."""
    seen = Seen()
    if settings.camera.startswith(f"{DEV}/video"):
        _log.warning(
            "source.camera = %r: the kernel may give this number to another camera; name the port (usb:1-1.2) or the "
            "serial number (serial:…) instead",
            settings.camera,
        )
    return lambda _: V4l2Source(settings, seen, clock)
