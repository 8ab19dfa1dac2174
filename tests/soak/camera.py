"""The soak's camera, a process of its own so that it can be stopped and killed: `python -m tests.soak.camera PORT`."""

from __future__ import annotations

import sys
import threading

import cv2
import numpy as np

from tests.fakes.mjpeg_camera import MjpegCamera, part

PERIOD_S = 0.1
PICTURES = 32
HEIGHT_PX, WIDTH_PX = 480, 640


def pictures() -> list[bytes]:
    """Grey pictures with a sensor's noise, encoded once: the camera must not cost what the daemon is measured by."""
    drawn = []
    for number in range(PICTURES):
        rng = np.random.default_rng(number)
        coarse = rng.normal(105 if number % 8 else 200, 12, (HEIGHT_PX // 8, WIDTH_PX // 8, 3))
        pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))), 0, 255).astype(np.uint8)
        drawn.append(part(bytes(cv2.imencode(".jpg", pixels)[1])))
    return drawn


def main() -> None:
    """Serve until killed."""
    shown = pictures()
    MjpegCamera(make_part=lambda number: shown[number % PICTURES], period_s=PERIOD_S, port=int(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
