"""The one way to open a line from what a person wrote after `--port`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.link.recording import ReplayedLink
from firmware_tools.link.serial_port import Port, SerialLink, find_port, list_ports
from firmware_tools.link.tcp import TcpLink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmware_tools.link.link import Link

USUAL_BAUD = 115_200
CONNECT_TIMEOUT_S = 5.0
_PORT = re.compile("[0-9]{1,5}")
_HIGHEST_PORT = 65_535


def open_link(
    address: str,
    *,
    baud: int = USUAL_BAUD,
    timeout_s: float = CONNECT_TIMEOUT_S,
    ports: Callable[[], Sequence[Port]] = list_ports,
) -> Link:
    """Open a line.

    Args:
        address: a serial port (`/dev/serial/by-id/…`, or a piece of its name or serial number), `tcp://host:port`
            for bytes alone, `rfc2217://host:port` for a serial server with control lines, or `replay:FILE`.
        baud: the speed of a serial port.
        timeout_s: for connecting by TCP.
        ports: the serial ports that are there.

    Raises:
        BadInputError: the address is none, or fits several ports.
        LinkLost: nothing is there.
    """
    if address.startswith("tcp://"):
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        if not host or not _PORT.fullmatch(port) or not 0 < int(port) <= _HIGHEST_PORT:
            raise BadInputError(
                f"wanted tcp://host:port with a port of 1 to {_HIGHEST_PORT}, found {address!r}; give both"
            )
        return TcpLink(host.strip("[]"), int(port), timeout_s)
    if address.startswith("replay:"):
        return ReplayedLink(Path(address.removeprefix("replay:")))
    if address.startswith("rfc2217://"):
        return SerialLink(Port(address, (address,)), baud)
    return SerialLink(find_port(address, ports), baud)
