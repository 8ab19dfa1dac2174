"""Which programs have a serial port open, so that a busy one is named and not looked for with a voltmeter.

The kernel tells it of one's own programs, and to root of everybody's; whose lock is on a port it tells everybody.
Elsewhere than on Linux nobody is named. A program is told by the kernel's name for it alone: its command line may hold
a password, and these words go into logs.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

PROCESSES = Path("/proc")
BUSY = {errno.EAGAIN, errno.EBUSY}
"""How the kernel refuses a port that another program has for itself: by its lock, or by TIOCEXCL."""
MOST_NAMED = 3
"""Programs that are named."""


def holders(port: str, processes: Path = PROCESSES) -> tuple[str, ...]:
    """The other programs that have a port open, as "screen (process 4242)"; the last may be a number more.

    Args:
        port: its path, or a link to it.
        processes: where the kernel shows them.
    """
    real = os.path.realpath(port)
    own = str(os.getpid())
    numbers = sorted((one.name for one in processes.glob("[0-9]*") if one.name != own), key=int)
    locking = _locking(real, processes / "locks")
    having = [one for one in numbers if one in locking or _has_open(processes / one, real)]
    names = [f"{_name(processes / one)} (process {one})" for one in having[:MOST_NAMED]]
    more = len(having) - MOST_NAMED
    return (*names, f"{more} more") if more > 0 else tuple(names)


def in_use_by(port: str, processes: Path = PROCESSES) -> str:
    """Who has a port that was refused as busy, in words that follow "found it"."""
    names = ", ".join(holders(port, processes)) or f"a program that 'sudo fuser -v {port}' names"
    return f"in use by {names}"


def _locking(real: str, locks: Path) -> set[str]:
    """The processes that hold a lock on a file, other users' too, whose open files are not shown."""
    try:
        status, lines = Path(real).stat(), locks.read_text("ascii").splitlines()
    except OSError:
        return set()
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    # "1: FLOCK ADVISORY WRITE 4242 00:05:1234 0 EOF"; who waits for a lock has "->" before the kind.
    return {words[4] for line in lines if (words := line.split())[1:2] == ["FLOCK"] and words[5:6] == [file]}


def _has_open(process: Path, real: str) -> bool:
    try:
        files = list((process / "fd").iterdir())
    except OSError:  # somebody else's program, or an ended one
        return False
    return any(_target(one) == real for one in files)


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:  # closed meanwhile
        return ""


def _name(process: Path) -> str:
    """The program's own file, cut by the kernel to 15 bytes; what a terminal would obey is replaced."""
    try:
        name = (process / "comm").read_bytes().decode("utf-8", "replace").removesuffix("\n")
    except OSError:
        name = ""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name) or "a program"
