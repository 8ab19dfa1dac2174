"""A stand-in for picamera2's interface: `Picamera2`, its jobs and its completed requests, as version 0.3 has them.

It keeps the rules that a real one has: a request that is not given back is missing to the camera; nothing can be
captured before `start`; two programs cannot hold one camera.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SENSOR = "/base/soc/i2c0mux/i2c@1/imx708@1a"
OTHER_SENSOR = "/base/soc/i2c0mux/i2c@0/imx219@10"


class Job:
    """What `capture_request(wait=False)` gives."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def get_result(self, timeout: float | None = None) -> Any:
        return self._future.result(timeout=timeout)


class CompletedRequest:
    """One filled buffer."""

    def __init__(self, camera: Picamera2, number: int) -> None:
        self._camera = camera
        self._number = number
        self._held = True

    def get_metadata(self) -> dict[str, Any]:
        assert self._held
        return {"SensorTimestamp": self._camera.module.stamp_ns(self._number), "ExposureTime": 9_000}

    def make_array(self, name: str) -> np.ndarray:
        """Red, green, blue in memory for the format that is called BGR888."""
        assert self._held
        self._camera.module.copied += 1
        stream = self._camera.camera_configuration()[name]
        width_px, height_px = stream["size"]
        noise = np.random.default_rng(self._number).integers(0, 20, (height_px, width_px, 3))
        colour = {"BGR888": (200, 100, 50), "RGB888": (50, 100, 200)}[stream["format"]]
        return np.asarray(noise + colour, np.uint8)

    def release(self) -> None:
        if not self._held:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._held = False
        self._camera.free += 1


class Picamera2:
    """One camera; `module` is the library that made it."""

    module: Picamera2Module

    def __init__(self, camera_num: int = 0) -> None:
        name = self.global_camera_info()[camera_num]["Id"]
        if name in self.module.in_use:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.module.in_use.add(name)
        self.name = name
        self.started = False
        self.free = 0
        self._frames = 0
        self._config: dict[str, Any] | None = None
        self._waiting: list[Future[Any]] = []

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Model": name.split("/")[-1].split("@")[0], "Id": name, "Num": n}
                for n, name in enumerate(cls.module.cameras)]  # fmt: skip

    def create_video_configuration(
        self,
        main: dict[str, Any],
        *,
        buffer_count: int = 6,
        controls: dict[str, Any] | None = None,
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        width_px, height_px = main["size"]
        size = (min(width_px, self.module.width_max_px), height_px)
        return {
            "main": {**main, "size": size, "stride": size[0] * 3},
            "buffer_count": buffer_count,
            "controls": controls,
            "queue": queue,
            "display": display,
            "encode": encode,
        }

    def configure(self, config: dict[str, Any]) -> None:
        unknown = set(config["controls"]) - self.module.controls
        if unknown:
            raise RuntimeError(f"Control {unknown.pop()} is not advertised by libcamera")
        self._config = config

    def camera_configuration(self) -> dict[str, Any]:
        assert self._config is not None
        return self._config

    def start(self) -> None:
        assert self._config is not None, "Camera has not been configured"
        self.module.told.append(self._config["controls"])
        self.free = self._config["buffer_count"]
        self.started = True

    def capture_request(self, *, wait: bool | None = None) -> Job:
        assert self.started
        assert wait is False
        future: Future[Any] = Future()
        if self.free and not self.module.stalled:
            self.free -= 1
            self._frames += 1
            future.set_result(CompletedRequest(self, self._frames))
        else:
            self._waiting.append(future)
        return Job(future)

    def cancel_all_and_flush(self) -> None:
        self._waiting = []

    def stop(self) -> None:
        if self.module.stalled and self._waiting:
            raise AssertionError("a job still waits: stop() would never return")
        self.started = False

    def close(self) -> None:
        self.module.in_use.discard(self.name)


@dataclass
class Picamera2Module:
    """The library, as `import picamera2` gives it.

    told: the controls of each start.
    copied: how many pictures were copied out of a buffer.
    """

    cameras: list[str] = field(default_factory=lambda: [SENSOR])
    controls: set[str] = field(
        default_factory=lambda: {"FrameRate", "ExposureTime", "AnalogueGain", "ColourGains", "AfMode", "LensPosition"}
    )
    width_max_px: int = 4608
    stalled: bool = False
    in_use: set[str] = field(default_factory=set)
    told: list[dict[str, Any]] = field(default_factory=list)
    copied: int = 0
    boot_ns: int = 7_000_000_000
    lag_ns: int = 0

    @property
    def Picamera2(self) -> type[Picamera2]:  # noqa: N802 - the library's own name
        return type("Picamera2", (Picamera2,), {"module": self})

    def stamp_ns(self, _: int) -> int:
        return self.boot_ns - self.lag_ns
