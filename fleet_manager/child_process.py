"""Stop a child process kindly, then firmly; never leave one behind."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STOP_WITHIN_S = 10.0


def stop_process(process: subprocess.Popen[bytes], *, ask: signal.Signals = signal.SIGTERM) -> int:
    """Ask the process to stop, kill it when it does not, and return its exit code."""
    if process.poll() is None:
        process.send_signal(ask)
    try:
        return process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def read_lines(process: subprocess.Popen[bytes], take: Callable[[bytes], None]) -> None:
    """Hand each line of the process's standard output to `take`, until the output ends."""
    if process.stdout is None:
        return
    for line in process.stdout:
        take(line)
