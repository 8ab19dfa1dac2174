"""Whether a daemon runs on a state folder, asked without taking or disturbing its lock."""

from __future__ import annotations

import fcntl
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FLOCK = "hhqqi"
"""`struct flock` of 64-bit Linux: type, whence, start, length, process."""
_PENDING_BYTE = 0x4000_0000
_LOCK_BYTES = 512
"""Where SQLite keeps its locks (sqlite3 os.h: PENDING_BYTE and SHARED_SIZE)."""


def daemon_on(state_folder: Path) -> int | None:
    """The process that holds the spool in this folder; None when nobody does, or it may not be looked at."""
    question = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, _PENDING_BYTE, _LOCK_BYTES, 0)
    try:
        with (state_folder / "spool.sqlite").open("rb") as spool:
            answer = fcntl.fcntl(spool, fcntl.F_GETLK, question)
    except OSError:
        return None
    kind, _, _, _, process = struct.unpack(_FLOCK, answer)
    return None if kind == fcntl.F_UNLCK else process
