"""Why a serial port failed, told once: pyserial repeats number and port within its message."""

from __future__ import annotations

import errno
import os


def reason_of(error: Exception) -> str:
    """The system's own words for its error number; the message where there is none."""
    number = getattr(error, "errno", None)
    if number == errno.EAGAIN:
        return "it locked by another use"
    return os.strerror(number).lower() if isinstance(number, int) else str(error)
