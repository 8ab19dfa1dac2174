"""Why a path is no serial port that can be opened now, in words and with what to do about it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import termios
from pathlib import Path

from edge_contracts.errors import BadInputError
from edge_contracts.port_holders import BUSY, holders, in_use_by
from firmware_tools.link.link import LinkLost

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a plain file",
    stat.S_IFCHR: "a serial port or the like",
    stat.S_IFBLK: "a disk",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
"""What a path may be, for a person."""


class NoPort(BadInputError):
    """What was named can be no serial port."""


class PortBusy(LinkLost):
    """Another program has the port for itself."""


def kind_of(path: str) -> str:
    """What is at a path, for a person."""
    return KINDS.get(stat.S_IFMT(Path(path).stat().st_mode), "something else")


def also_open(path: str) -> str:
    """Which other programs have a port open beside us, to end a sentence with; empty where none is seen."""
    names = ", ".join(holders(path))
    return f"; the port is open in {names}, too: end that first" if names else ""


def require_free(path: str) -> None:
    """See that nobody has a port for himself, for not every flashing program asks before it talks into a line.

    A port that nobody has open is not opened for that: opening moves DTR and RTS.

    Raises:
        PortBusy: somebody has.
    """
    if not holders(path):
        return
    end = -1
    try:
        end = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.flock(end, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in BUSY:
            raise not_opened(path, error) from error
    finally:
        if end >= 0:
            os.close(end)


def not_opened(path: str, error: Exception) -> LinkLost:
    """Why a port does not open, in words and with what to do."""
    within = error if isinstance(error, termios.error) else error.__context__
    number = within.args[0] if isinstance(within, termios.error) else getattr(error, "errno", None)
    if number in BUSY:
        return PortBusy(
            f"wanted the serial port {path}, found it {in_use_by(path)}; end that program, or stop its service, and "
            "try again"
        )
    if number == errno.EACCES:
        return LinkLost(
            f"wanted the serial port {path}, found that this user may not open it; 'sudo usermod -aG dialout $USER', "
            "then log in again"
        )
    if number == errno.ENOTTY:
        return LinkLost(f"wanted the serial port {path}, found another device there; give a serial port")
    return LinkLost(f"wanted the serial port {path}, found {error}; check the cable and the name")
