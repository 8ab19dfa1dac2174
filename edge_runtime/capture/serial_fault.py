"""Why a serial port failed, told once: pyserial repeats number and port within its message."""

from __future__ import annotations

import errno
import os
import termios
from pathlib import Path

from edge_contracts.port_holders import BUSY, in_use_by


def reason_of(error: Exception, port: str) -> str:
    """Who else has the port, what it is if it is none, or the system's own words; the message where there are none."""
    within = error if isinstance(error, termios.error) else error.__context__
    number = within.args[0] if isinstance(within, termios.error) else getattr(error, "errno", None)
    if number in BUSY:
        return f"it {in_use_by(port)}, which must end first"
    if number == errno.ENOTTY:
        return f"{'a plain file' if Path(port).is_file() else 'another device'}, which is no serial port"
    return os.strerror(number).lower() if isinstance(number, int) else str(error)
