"""Addresses on the network: what can be told to be wrong before anything is called up."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_PORT_MAX = 65_535
_AUTHORITY = re.compile(r"^\w+://([^/?]*)")
_PORT = re.compile(r":(\d+)$")
_HOST_AND_PORT = re.compile(r"^[^:]+:(\d+)$")


def _port_is_possible(url: str) -> str:
    """Only the port is shown: an address may hold a password."""
    authority = _AUTHORITY.match(url)
    port = _PORT.search(authority[1]) if authority else None
    if port and not 1 <= int(port[1]) <= _PORT_MAX:
        raise ValueError(f"wanted a port of 1 to {_PORT_MAX} in the address, found {port[1]}")
    return url


def _stands_alone(host: str) -> str:
    """Of a URL only the host and the port are shown: an address may hold a password."""
    if authority := _AUTHORITY.match(host):
        name = authority[1].rpartition("@")[2]
        port = _PORT.search(name)
        apart = f"host = {name.removesuffix(port[0])!r} and port = {port[1]}" if port else f"host = {name!r}"
        raise ValueError(f"wanted a host alone, found an address with ://; write it as {apart}")
    if found := _HOST_AND_PORT.match(host):
        raise ValueError(f"wanted a host alone, found {host!r}; write the port as port = {found[1]}")
    return host


PossiblePort = AfterValidator(_port_is_possible)
"""For a URL: a port, where it names one, is 1 to 65535."""

HostName = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_stands_alone)]
"""A name or an IP address, without a scheme or a port."""
