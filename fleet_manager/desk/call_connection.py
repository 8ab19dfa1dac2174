"""The connection that a call goes out by: to addresses that were looked up before, and with an end.

A socket's time-out is for each byte that comes; who drips its answer could hold a call for ever. So a connection is
cut when its time is over, in whatever it waits: a greeting, a handshake or an answer.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_TRIED: Final = 4
"""Addresses of one name that are tried; they share the time."""

Place = tuple[socket.AddressFamily, str, int]
"""Family, address and port."""


def places(host: str, port: int) -> list[Place]:
    """Where a name leads, as the machine's resolver has it.

    Raises:
        OSError: there is no such name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(one[0], str(one[4][0]), int(one[4][1])) for one in found]


def connected(found: Sequence[Place], timeout_s: float) -> socket.socket:
    """A connection to the first that takes one, within `timeout_s`; that is its time-out, too.

    Raises:
        OSError: none took one; what the last of them said.
    """
    tried = found[:MOST_TRIED]
    trouble: OSError | None = None
    for _, host, port in tried:
        try:
            line = socket.create_connection((host, port), timeout_s / len(tried))
        except OSError as err:  # noqa: PERF203 - each address may refuse
            trouble = err
        else:
            line.settimeout(timeout_s)
            return line
    raise trouble or OSError("no address")


@contextmanager
def cut_after(line: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Cut the connection when the block lasts longer than that; a TLS connection made of it is cut, too.

    Gives the block what says that it was cut: to some readers a connection that ends is an answer that ends.

    Raises:
        TimeoutError: it was cut, and the block could not go on.
    """
    is_over = threading.Event()
    handle = line.dup()  # TLS takes the socket itself away

    def cut() -> None:
        is_over.set()
        with suppress(OSError):  # the other side was faster
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.name, timer.daemon = "desk-call-end", True
    timer.start()
    try:
        yield is_over
    except (OSError, HTTPException) as err:
        if is_over.is_set():
            raise TimeoutError(f"no end in {seconds:g} s") from err
        raise
    finally:
        timer.cancel()
        timer.join()
        handle.close()
