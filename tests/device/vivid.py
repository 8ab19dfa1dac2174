"""The kernel's virtual camera: plugged in under any number, pulled out, and made to fail."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUERY_CONTROL = 0xC0445624
SET_CONTROL = 0xC008561C
NEXT = 0x80000000
PATIENCE_S = 20.0
BY_PATH = "/dev/v4l/by-path/platform-vivid.0-video-index0"
"""What udev calls it, whatever its number."""


def is_plugged_in() -> bool:
    """Whether udev has its link."""
    return os.path.exists(BY_PATH)  # noqa: PTH110 - a link that leads nowhere is no camera


def plug_in(number: int = 0) -> None:
    """One camera without its other devices, as /dev/video`number`."""
    _run("modprobe", "vivid", "n_devs=1", "node_types=0x1", f"vid_cap_nr={number}")
    _run("udevadm", "settle", "-t", "20")


def unplug() -> None:
    """Waits until no program holds the camera."""
    until_s = time.monotonic() + PATIENCE_S
    while subprocess.run(["modprobe", "-r", "vivid"], check=False, capture_output=True, timeout=60).returncode:
        assert time.monotonic() < until_s, "somebody holds the camera"
        time.sleep(0.2)


def pull_out(device: Path) -> None:
    """Take the camera away from a program that reads it, and opens it again whenever it can.

    Vivid is back as soon as nobody holds it, so the module must go in that moment.
    """
    until_s = time.monotonic() + PATIENCE_S
    while subprocess.run(["modprobe", "-r", "vivid"], check=False, capture_output=True, timeout=60).returncode:
        assert time.monotonic() < until_s, "somebody holds the camera"
        with suppress(OSError):
            press(device, "Disconnect")
        time.sleep(0.3)


def press(device: Path, control: str, value: int = 0) -> None:
    """Set one of vivid's controls by its name."""
    handle = os.open(device, os.O_RDWR)
    try:
        fcntl.ioctl(handle, SET_CONTROL, struct.pack("Ii", _controls(handle)[control], value))
    finally:
        os.close(handle)


def _controls(handle: int) -> dict[str, int]:
    """Identifiers by name (struct v4l2_queryctrl: id, type, name[32], …)."""
    found, last = {}, 0
    while True:
        told = bytearray(68)
        struct.pack_into("I", told, 0, last | NEXT)
        try:
            fcntl.ioctl(handle, QUERY_CONTROL, told)
        except OSError:
            return found
        last = struct.unpack_from("I", told)[0]
        found[bytes(told[8:40]).split(b"\0")[0].decode()] = last


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)
