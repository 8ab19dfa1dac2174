"""Another program that has a serial port open: for itself, by a lock, or beside whoever comes."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
import fcntl, os, sys
end = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
if sys.argv[2] == "locked":
    fcntl.flock(end, fcntl.LOCK_EX)
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(path: str, how: str) -> Iterator[str]:
    """Have a port open, "locked" or "shared"; gives a pattern of how that program is named."""
    command = [sys.executable, "-c", PROGRAM, path, how]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        yield rf"{re.escape(Path(sys.executable).name[:15])} \(process {child.pid}\)"
    finally:
        child.communicate()
