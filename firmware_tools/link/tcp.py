"""A serial line at the far end of a TCP connection: a terminal server's raw port, an emulator."""

from __future__ import annotations

import socket

from edge_contracts.errors import BadInputError
from firmware_tools.link.link import LinkLost, NoControlLines

PIECE_BYTES = 65536
SEND_TIMEOUT_S = 5.0


class TcpLink:
    """An open connection.

    Args:
        host: name or address.
        port: the raw port; what comes is passed on as it is, so no telnet and no RFC 2217.
        timeout_s: for connecting.

    Raises:
        BadInputError: the host can be none.
        LinkLost: nobody is there.
    """

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._where = f"tcp://{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise LinkLost(f"wanted to connect to {self._where}, found {error}; is its far end up?") from error
        except ValueError as error:  # from the encoding of the name
            raise BadInputError(f"wanted the name or address of a host, found {host!r}; write it as it is") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, timeout_s: float) -> bytes:
        """What came; empty when that was nothing for `timeout_s`."""
        try:
            self._socket.settimeout(max(timeout_s, 0.001))
            found = self._socket.recv(PIECE_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LinkLost(f"wanted to read {self._where}, found {error}; connect again") from error
        if not found:
            raise LinkLost(f"wanted to read {self._where}, found it closed at its far end; connect again")
        return found

    def write(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self._socket.settimeout(SEND_TIMEOUT_S)
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost(f"wanted to write to {self._where}, found {error}; connect again") from error

    def set_baud(self, baud: int) -> None:
        """Nothing: the far end has the speed."""

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Refused: a raw connection carries bytes alone."""
        del dtr, rts
        raise NoControlLines(f"wanted DTR and RTS at {self._where}, found none there; reset the chip by its button")

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
