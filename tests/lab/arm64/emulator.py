"""A board's processor in software, in a process of its own: an instruction that the processor lacks kills it.

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
from typing import TYPE_CHECKING

from tests.lab.arm64.cores import CORES_PER_BOARD, Core, cpuinfo
from tests.lab.debian import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.arm64.rootfs import Rootfs

REPLAY = Path(__file__).with_name("replay.py")
TIMEOUT_S = 3600.0
"""For all bundles on one processor: emulation is 200 to 1,200 times slower than the host."""


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


def replay_all(rootfs: Rootfs, core: Core, bundles: Sequence[Path]) -> list[Replay]:
    """Replay the goldens of bundles on an emulated processor, in order.

    One process replays until it dies; what killed it is told, and another goes on behind it.
    """
    _describe_board(rootfs, core)
    done: list[Replay] = []
    while len(done) < len(bundles):
        rest = bundles[len(done) :]
        lines, end = _run(rootfs, core, rest)
        told = [json.loads(line) for line in lines]
        done += [
            Replay(core.name, bundle.stem, one["verdict"], one["share"], one["dot_products"], one["seconds"])
            for bundle, one in zip(rest, told, strict=False)
        ]
        if len(told) < len(rest):
            done.append(Replay(core.name, rest[len(told)].stem, end))
    return done


def _run(rootfs: Rootfs, core: Core, bundles: Sequence[Path]) -> tuple[list[str], str]:
    """The lines of a replay, one per bundle that it came through, and how it ended."""
    command = ["qemu-aarch64-static", "-L", str(rootfs.root), str(rootfs.python), str(REPLAY), *map(str, bundles)]
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
    except subprocess.TimeoutExpired as error:
        printed = error.stdout or b""
        return printed.decode().splitlines(), f"no answer within {TIMEOUT_S:g} s"
    return done.stdout.splitlines(), _failure(done)


def _describe_board(rootfs: Rootfs, core: Core) -> None:
    """Write what the operating system of such a board says of its processor."""
    (rootfs.root / "proc").mkdir(exist_ok=True)
    (rootfs.root / "proc" / "cpuinfo").write_text(cpuinfo(core))
    listed = rootfs.root / "sys" / "devices" / "system" / "cpu"
    listed.mkdir(parents=True, exist_ok=True)
    for name in ("possible", "present", "online"):
        (listed / name).write_text(f"0-{CORES_PER_BOARD - 1}\n")


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    """In a word: qemu ends with the emulated signal; a shell would say 128 and its number."""
    if not done.returncode:
        return "said nothing"
    number = -done.returncode if done.returncode < 0 else done.returncode - 128
    if number in {signal.SIGILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}:
        return signal.Signals(number).name
    return (done.stderr.strip().splitlines() or [f"left with {done.returncode}"])[-1][:200]
