"""Addresses on the network: what can be told to be wrong before anything is called up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, StringConstraints

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORT_MAX = 65_535
_AUTHORITY = re.compile(r"^\w+://([^/?]*)")
_PORT = re.compile(r":(\d+)$")
HOST = re.compile(r"[\w.-]+|[\da-fA-F.]*(?::[\da-fA-F.]*){2,}(?:%[\w.-]+)?")
"""A name, an IPv4 address, or an IPv6 address without brackets."""
_ADDRESS = re.compile(rf"(?:([\w+.-]+)://)?\[?({HOST.pattern})\]?(?::(\d+))?(?:[/?#].*)?")
_WITH_TLS = frozenset({"mqtts", "ssl", "tls", "wss"})
_TLS_PORT = 8883


def _port_is_possible(url: str) -> str:
    """Only the port is shown, for an address may hold a password; and not where the password may hold a slash."""
    authority = _AUTHORITY.match(url)
    port = _PORT.search(authority[1]) if authority else None
    if authority and port and not 1 <= int(port[1]) <= _PORT_MAX:
        found = "another" if "@" in url[authority.end() :] else port[1]
        raise ValueError(f"wanted a port of 1 to {_PORT_MAX} in the address, found {found}")
    return url


def _stands_alone(text: str) -> str:
    if HOST.fullmatch(text):
        return text
    raise ValueError(f"wanted a host alone, found something else; write it as {', '.join(_keys(text))}")


def _keys(address: str) -> Iterator[str]:
    """How an address is written in a file; where it may hold a password, nothing of it is shown."""
    scheme, at, _ = address.partition("://")
    has_tls = bool(at) and scheme.strip().rpartition("+")[2].lower() in _WITH_TLS
    parts = _ADDRESS.fullmatch(address.strip())
    if "@" in address:
        yield "host = …, port = …, username = …, password_file = …"
    elif parts is None:
        yield "a name or an IP address: host = '192.168.1.10'"
    else:
        yield f"host = {parts[2]!r}"
        if parts[3]:
            yield f"port = {parts[3]}" if 1 <= int(parts[3]) <= _PORT_MAX else f"port = 1 to {_PORT_MAX}"
        elif has_tls:
            yield f"port = {_TLS_PORT}"
    if has_tls:
        yield "tls = { ca = … }"


PossiblePort = AfterValidator(_port_is_possible)
"""For a URL: a port, where it names one, is 1 to 65535."""

HostName = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_stands_alone)]
"""A name or an IP address, without a scheme, a user, brackets or a port."""
