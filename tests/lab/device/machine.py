"""One run of the virtual device: boots the image, hands it a folder, waits for it to switch itself off."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.device.image import Image

MEMORY_MB = 1536
CORES = 2
LINES_PER_S = 20
CONNECT_TRIES = 200
APPEND = "console=ttyS0 rw quiet mitigations=off tsc=reliable panic=-1"


@dataclass(frozen=True, slots=True)
class Run:
    """How it went.

    said: what the device wrote on its console.
    code: the exit status of its command, None when it never came to an end.
    """

    said: str
    code: int | None


def run_device(image: Image, share: Path, command: str, *, timeout_s: float, show: bool = False) -> Run:
    """Boot, run a shell command in `share/work` on the device, switch off.

    Args:
        image: what is booted; what the device writes to its disk is thrown away.
        share: the device's /lab, which both sides write.
        command: runs with the board's wheels on the PYTHONPATH.
        timeout_s: an emulated device is about twenty times slower than the host.
        show: print the console as it comes.
    """
    (share / "command").write_text(command)
    sensor = share / "serial.socket"
    sensor.unlink(missing_ok=True)
    other_end = threading.Thread(target=_send_numbers, args=(sensor,), name="sensor", daemon=True)
    device = subprocess.Popen(
        _qemu(image, share, sensor), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    other_end.start()
    timer = threading.Timer(timeout_s, device.kill)
    timer.start()
    lines = []
    try:
        for line in device.stdout or ():
            lines.append(line)
            if show:
                print(line, end="", flush=True)
    finally:
        timer.cancel()
        device.kill()
        device.wait()
    said = "".join(lines)
    done = [line.split()[-1] for line in said.splitlines() if line.startswith("lab: done ")]
    return Run(said, int(done[-1]) if done else None)


def _qemu(image: Image, share: Path, serial: Path) -> list[str]:
    return [
        *(shutil.which("qemu-system-x86_64") or "qemu-system-x86_64", "-M", "q35,accel=tcg", "-cpu", "max"),
        *("-smp", str(CORES), "-m", str(MEMORY_MB), "-nodefaults", "-display", "none", "-no-reboot"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", APPEND),
        *(
            "-drive",
            f"file={image.disk},format=raw,if=none,id=disk,snapshot=on",
            "-device",
            "virtio-blk-pci,drive=disk",
        ),
        *("-virtfs", f"local,path={share},mount_tag=lab,security_model=none"),
        *("-device", "qemu-xhci", "-chardev", f"socket,path={serial},server=on,wait=off,id=serial"),
        *("-device", "usb-serial,chardev=serial", "-serial", "stdio", "-monitor", "none"),
    ]


def _send_numbers(path: Path) -> None:
    """The other end of the device's USB serial line: a sensor that sends `1.5,n` twenty times a second.

    It takes what comes back, and waits for nobody: the kernel echoes on a line that nobody has opened yet, and an
    emulator that cannot get rid of that stands still with all that is in it.
    """
    link = socket.socket(socket.AF_UNIX)
    waiting = threading.Event()
    for _ in range(CONNECT_TRIES):
        try:
            link.connect(str(path))
            break
        except OSError:
            waiting.wait(0.1)
    number = 0
    try:
        while not waiting.wait(1 / LINES_PER_S):
            can_read, can_write, _ = select.select([link], [link], [], 0)
            if can_read and not link.recv(65_536):
                return
            if can_write:
                link.sendall(f"1.5,{number}\r\n".encode())
                number += 1
    except OSError:
        return
