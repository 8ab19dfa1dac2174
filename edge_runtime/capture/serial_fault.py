"""Why a serial port failed, told once: pyserial repeats number and port within its message."""

from __future__ import annotations

import os

from edge_contracts.port_holders import BUSY, in_use_by


def reason_of(error: Exception, port: str) -> str:
    """Who else has the port, or the system's own words for its error number; the message where there is none."""
    number = getattr(error, "errno", None)
    if number in BUSY:
        return f"it {in_use_by(port)}, which must end first"
    return os.strerror(number).lower() if isinstance(number, int) else str(error)
