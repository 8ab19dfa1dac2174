"""A board's processor in software: one emulated process per replay, because an instruction that it lacks kills it.

qemu-user runs the other architecture's interpreter on the host's kernel. It looks for every file below the file system
of the other architecture first, so the board's /proc/cpuinfo is a file there; no mount, no chroot and no binfmt is
needed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.arm64.cores import CORES_PER_BOARD, Core, cpuinfo
from tests.lab.arm64.rootfs import REPOSITORY, Rootfs

REPLAY = Path(__file__).with_name("replay.py")
TIMEOUT_S = 1800.0
"""Emulation is 200 to 1,200 times slower than the host."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One bundle on one processor.

    verdict: `ok`, or what went wrong.
    share: the largest distance from a golden as a share of its tolerance; None where it did not get so far.
    dot_products: whether the processor says that it has them.
    """

    core: str
    bundle: str
    verdict: str
    share: float | None = None
    dot_products: bool | None = None
    seconds: float | None = None


def replay(rootfs: Rootfs, core: Core, bundle: Path) -> Replay:
    """Replay a bundle's goldens on an emulated processor."""
    _describe_board(rootfs, core)
    command = ["qemu-aarch64-static", "-L", str(rootfs.root), str(rootfs.python), str(REPLAY), str(bundle)]
    environment = {
        "PATH": os.environ["PATH"],
        "QEMU_CPU": core.name,
        "PYTHONPATH": f"{rootfs.wheels}:{REPOSITORY}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return Replay(core.name, bundle.stem, f"no answer within {TIMEOUT_S:g} s")
    if done.returncode:
        return Replay(core.name, bundle.stem, _failure(done))
    told = json.loads(done.stdout.splitlines()[-1])
    return Replay(core.name, bundle.stem, told["verdict"], told["share"], told["dot_products"], told["seconds"])


def _describe_board(rootfs: Rootfs, core: Core) -> None:
    """Write what the operating system of such a board says of its processor."""
    (rootfs.root / "proc").mkdir(exist_ok=True)
    (rootfs.root / "proc" / "cpuinfo").write_text(cpuinfo(core))
    listed = rootfs.root / "sys" / "devices" / "system" / "cpu"
    listed.mkdir(parents=True, exist_ok=True)
    for name in ("possible", "present", "online"):
        (listed / name).write_text(f"0-{CORES_PER_BOARD - 1}\n")


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    """qemu ends with the emulated signal; a shell would say 128 and its number."""
    number = -done.returncode if done.returncode < 0 else done.returncode - 128
    if number in {signal.SIGILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}:
        return signal.Signals(number).name
    return (done.stderr.strip().splitlines() or [f"left with {done.returncode}"])[-1][:200]
