"""A machine with V4L2 cameras: a sysfs tree as the kernel lays it out, and a stand-in for OpenCV's V4L2 half.

The stand-in keeps OpenCV's rules: `waitAny` fetches a frame, and gives the same one until it is retrieved; properties
that the camera has not are refused with False; a camera that is pulled out raises `cv2.error`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tests.fakes.mjpeg_camera import jpeg
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.clock import FakeClock

DEFAULTS = {
    cv2.CAP_PROP_FRAME_WIDTH: float(WIDTH_PX),
    cv2.CAP_PROP_FRAME_HEIGHT: float(HEIGHT_PX),
    cv2.CAP_PROP_FPS: 30.0,
    cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV")),
    cv2.CAP_PROP_BUFFERSIZE: 4.0,
    cv2.CAP_PROP_CONVERT_RGB: 1.0,
    cv2.CAP_PROP_AUTO_EXPOSURE: 3.0,
    cv2.CAP_PROP_EXPOSURE: 156.0,
    cv2.CAP_PROP_GAIN: 0.0,
    cv2.CAP_PROP_AUTO_WB: 1.0,
    cv2.CAP_PROP_WB_TEMPERATURE: 4600.0,
}


@dataclass
class Camera:
    """One camera; what it is set to outlives its openings, as with a real one."""

    usb_path: str
    properties: dict[int, float] = field(default_factory=lambda: dict(DEFAULTS))
    is_silent: bool = False
    frames: int = 0
    jpeg: bytes | None = None


class Cameras:
    """The machine.

    Args:
        folder: where its sysfs is laid out.
        clock: of the driver's time stamps.
    """

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.sysfs = folder / "sys"
        self.dev = folder / "dev"
        self.dev.mkdir(parents=True)
        (self.sysfs / "class" / "video4linux").mkdir(parents=True)
        self.clock = clock
        self.at: dict[str, Camera] = {}
        self.busy: set[str] = set()
        self.open_captures = 0
        self.converted = 0
        self.stamp_offset_ms = 0.0
        self.opening: Any = lambda: None

    def plug_in(
        self, number: int, usb_path: str = "1-1.2", *, serial: str = "", model: str = "046d:0825", card: str = "C270"
    ) -> Camera:
        """A USB camera: one node with pictures, one with metadata."""
        usb = self.sysfs / "devices" / "pci0000:00" / "usb1" / usb_path
        camera = Camera(usb_path)
        for index in (0, 1):
            node = usb / f"{usb_path}:1.0" / "video4linux" / f"video{number + index}"
            node.mkdir(parents=True)
            (node / "name").write_text(f"{card}\n")
            (node / "index").write_text(f"{index}\n")
            (node / "device").symlink_to("../../../" + f"{usb_path}:1.0")
            (self.sysfs / "class" / "video4linux" / node.name).symlink_to(node)
            (self.dev / node.name).touch()
            self.at[str(self.dev / node.name)] = camera
        vendor, product = model.split(":")
        (usb / "idVendor").write_text(f"{vendor}\n")
        (usb / "idProduct").write_text(f"{product}\n")
        if serial:
            (usb / "serial").write_text(f"{serial}\n")
        return camera

    def unplug(self, camera: Camera) -> None:
        for path in [path for path, each in self.at.items() if each is camera]:
            del self.at[path]
            name = path.rsplit("/", 1)[-1]
            (self.sysfs / "class" / "video4linux" / name).unlink()
            (self.dev / name).unlink()
        shutil.rmtree(self.sysfs / "devices" / "pci0000:00" / "usb1" / camera.usb_path)

    def opencv(self) -> Any:
        """The module `cv2` with this machine's cameras behind `VideoCapture`."""
        return type("cv2", (_OpenCv,), {"VideoCapture": type("VideoCapture", (_Capture,), {"machine": self})})()


class _OpenCv:
    VideoCapture: type[_Capture]

    def __getattr__(self, name: str) -> Any:
        return getattr(cv2, name)

    def cvtColor(self, pixels: np.ndarray, conversion: int) -> np.ndarray:  # noqa: N802 - OpenCV's name
        self.VideoCapture.machine.converted += 1
        return cv2.cvtColor(pixels, conversion)


class _Capture:
    """cv2.VideoCapture(path, cv2.CAP_V4L2)."""

    machine: Cameras

    def __init__(self, path: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self._camera = None if path in self.machine.busy else self.machine.at.get(path)
        self._path = path
        self._frame = 0
        self._held = False
        self._stamp_ms = 0.0
        if self._camera is not None:
            self.machine.open_captures += 1
            self.machine.opening()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._camera is not None

    def set(self, name: int, value: float) -> bool:
        if self._camera is None or name not in self._camera.properties:
            return False
        self._camera.properties[name] = float(value)
        return True

    def get(self, name: int) -> float:
        if name == cv2.CAP_PROP_POS_MSEC:
            return self._stamp_ms
        return self._camera.properties.get(name, -1.0) if self._camera else 0.0

    @staticmethod
    def waitAny(captures: list[_Capture], timeout_ns: int) -> tuple[bool, list[int]]:  # noqa: N802 - OpenCV's name
        (capture,) = captures
        machine, camera = capture.machine, capture._camera
        if camera is None or machine.at.get(capture._path) is not camera:
            raise cv2.error("Error is reported for camera stream")
        if capture._held:
            return True, [0]
        if camera.is_silent:
            machine.clock.advance(timeout_ns / 1e9)
            return False, []
        camera.frames += 1
        capture._frame = camera.frames
        capture._held = True
        capture._stamp_ms = machine.clock.now_ns() / 1e6 + machine.stamp_offset_ms
        return True, [0]

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        if self._camera is None:
            return False, None
        self._held = False
        shown = picture(seed=self._frame)
        if self._camera.properties[cv2.CAP_PROP_CONVERT_RGB]:
            return True, shown
        fourcc = int(self._camera.properties[cv2.CAP_PROP_FOURCC]).to_bytes(4, "little")
        if fourcc == b"MJPG":
            return True, np.frombuffer(self._camera.jpeg or jpeg(self._frame), np.uint8)[None]
        assert fourcc == b"YUYV"
        return True, np.dstack([shown[:, :, 0], np.full_like(shown[:, :, 0], 128)])

    def release(self) -> None:
        if self._camera is not None:
            self.machine.open_captures -= 1
        self._camera = None
