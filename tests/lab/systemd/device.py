"""A board without a board: systemd-nspawn with systemd as PID 1, thrown away at the end.

What it writes lies in memory over the root file system. The container gets cgroup v2 and may attach BPF programs, so
that DevicePolicy= is enforced. Its kernel is the host's, which has no camera or serial driver, and systemd looks up
`char-video4linux` in /proc/devices: so /proc/devices is that of a Raspberry Pi there. An open that the sandbox lets
through then ends with ENXIO (no driver), one that it refuses with EPERM.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
    from pathlib import Path

SERVICE = "lepton-edge"
BOOT_S = 60.0
COMMAND_S = 150.0
POLL_S = 0.05
NODES = {
    "video0": (81, 0),
    "media0": (510, 0),
    "ttyUSB0": (188, 0),
    "ttyACM0": (166, 0),
    "ttyAMA0": (204, 64),
    "dma_heap/linux,cma": (511, 0),
    "gpiochip0": (235, 0),
    "snd/pcmC0D0c": (116, 24),
    "uinput": (10, 223),
}
"""Character devices of a Raspberry Pi 4 with Linux 6.1: major and minor. The last is none that the daemon may open."""

CLASSES = {
    81: "video4linux",
    510: "media",
    511: "dma_heap",
    188: "ttyUSB",
    166: "ttyACM",
    204: "ttyAMA",
    235: "gpiochip",
    116: "alsa",
}


@dataclass(frozen=True, slots=True)
class Device:
    """A booted board.

    leader: its PID 1 as the host counts.
    service: the one that is asked about.
    """

    leader: int
    booted_s: float
    service: str = SERVICE

    def run(self, *command: str, timeout_s: float = COMMAND_S) -> subprocess.CompletedProcess[str]:
        """Run a command on it as root."""
        enter = ["nsenter", "-t", str(self.leader), "-a", *command]
        return subprocess.run(
            enter, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL
        )

    def said(self, *command: str) -> str:
        """What a command prints."""
        return self.run(*command).stdout.strip()

    def shown(self, name: str) -> str:
        """A property of the service."""
        return self.said("systemctl", "show", self.service, f"--property={name}", "--value")

    def main_pid(self) -> int:
        """The service's process as the board counts, 0 without one."""
        return int(self.shown("MainPID") or 0)

    def send(self, number: signal.Signals, pid: int | None = None) -> None:
        """Send a signal to the service, or to another process of the board."""
        self.run("kill", f"-{int(number)}", str(pid or self.main_pid()))

    def read(self, path: str) -> str:
        """The text of a file on it."""
        return self.said("cat", path)

    def write(self, path: str, content: bytes) -> None:
        """Write a file that everybody may read."""
        put = [
            "nsenter",
            "-t",
            str(self.leader),
            "-a",
            "sh",
            "-c",
            f"umask 022; mkdir -p $(dirname {path}); cat >{path}",
        ]
        subprocess.run(put, input=content, timeout=COMMAND_S, check=True)

    def wait_for(self, name: str, wanted: str, timeout_s: float) -> float | None:
        """Seconds until a property of the service has a value, None when it does not get it."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout_s:
            if self.shown(name) == wanted:
                return time.monotonic() - begun
            time.sleep(POLL_S)
        return None

    def wait_for_another_process(self, before: int, timeout_s: float) -> float | None:
        """Seconds until the service is active with another main process, None when that does not come."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout_s:
            if self.main_pid() not in {0, before} and self.shown("ActiveState") == "active":
                return time.monotonic() - begun
            time.sleep(POLL_S)
        return None


@contextmanager
def booted(root: Path) -> Iterator[Device]:
    """Boot, present the devices, hand over; the board is gone afterwards, whatever happened."""
    command = ["systemd-nspawn", "--quiet", "-D", str(root), "--volatile=overlay", "--machine=lepton-lab", "--boot"]
    command += ["--register=no", "--keep-unit", "--system-call-filter=bpf", "--capability=CAP_BPF,CAP_NET_ADMIN"]
    log = root.with_name("boot.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            start_new_session=True,
        )
    try:
        device = _wait_for_boot(process, log)
        _present_devices(device)
        yield device
    finally:
        process.terminate()
        try:
            process.wait(BOOT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_boot(process: subprocess.Popen[bytes], log: Path) -> Device:
    begun = time.monotonic()
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    while time.monotonic() - begun < BOOT_S and process.poll() is None:
        with open(children) as file:  # noqa: PTH123 - a file of /proc
            leaders = [int(word) for word in file.read().split()]
        for leader in leaders:
            device = Device(leader, time.monotonic() - begun)
            if device.said("systemctl", "is-system-running") in {"running", "degraded"}:
                return device
        time.sleep(POLL_S)
    raise RuntimeError(f"wanted systemd to boot within {BOOT_S:g} s, found that it did not; see {log}")


def _present_devices(device: Device) -> None:
    lines = "".join(f"{major:3} {name}\\n" for major, name in CLASSES.items())
    script = [
        f"sed 's/^Character devices:/&\\n{lines}/' /proc/devices >/run/devices",
        "mount --bind /run/devices /proc/devices",
    ]
    script += ["mkdir -p /dev/snd /dev/dma_heap"]
    script += [f"mknod -m 660 /dev/{name} c {major} {minor}" for name, (major, minor) in NODES.items()]
    script += [
        "chgrp video /dev/video0 /dev/media0 /dev/dma_heap/*",
        "chgrp dialout /dev/ttyUSB0 /dev/ttyACM0 /dev/ttyAMA0",
    ]
    script += ["chgrp audio /dev/snd/*", "chmod 666 /dev/uinput", "chgrp gpio /dev/gpiochip0"]
    done = device.run("sh", "-ec", "\n".join(script))
    if done.returncode:
        raise RuntimeError(f"wanted the board's device nodes, found: {done.stderr}")
