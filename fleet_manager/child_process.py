"""Stop a child process kindly, then firmly; never leave one behind.

Ctrl-C reaches every process of a terminal, and systemd's SIGTERM every process of a unit. A child that has something to
finish leaves both alone and ends when its parent closes its stdin, or dies.
"""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
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


def leave_signals_to_the_parent() -> None:
    """For the child: let SIGINT and SIGTERM pass; it must watch its stdin."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def end_by_stdin(process: subprocess.Popen[bytes]) -> int:
    """Close the stdin of a child that watches it, kill it when it does not end, and return its exit code."""
    if process.stdin is not None:
        with suppress(OSError):  # it may have died with something unread
            process.stdin.close()
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
