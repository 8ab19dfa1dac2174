"""What every line to a microcontroller can do: bytes both ways within a time, a speed, and two control lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from edge_contracts.errors import OutageError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

NS_PER_S = 1_000_000_000


class LinkLost(OutageError, ConnectionError):
    """The line cannot be opened, or it broke; the same may work once the cable is back."""


class NoControlLines(RefusedError):
    """The line has no DTR and RTS: the chip must be reset by hand."""


class Link(Protocol):
    """One open line, used by one thread."""

    def read(self, timeout_s: float) -> bytes:
        """What came; empty when that was nothing for `timeout_s`.

        Raises:
            LinkLost: it broke.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            LinkLost: it broke, or takes nothing.
        """
        ...

    def set_baud(self, baud: int) -> None:
        """Go on at another speed; a line without one (TCP) leaves that to its far end."""
        ...

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Assert or release DTR and RTS, which reset a chip on most boards.

        Raises:
            NoControlLines: it has none.
        """
        ...

    def close(self) -> None:
        """Let go of it; closing a closed line does nothing."""
        ...


def read_exactly(link: Link, count: int, *, timeout_s: float, now_ns: Callable[[], int]) -> bytes:
    """So many bytes; fewer when the time is over.

    Args:
        link: the line; what comes beyond `count` in one piece is an error of the protocol, and returned too.
        count: bytes wanted.
        timeout_s: for all of them.
        now_ns: a monotonic clock.
    """
    found, end_ns = b"", now_ns() + int(timeout_s * NS_PER_S)
    while len(found) < count and (left_ns := end_ns - now_ns()) > 0:
        found += link.read(left_ns / NS_PER_S)
    return found
