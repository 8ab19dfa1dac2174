"""Where a log-in comes from, as far as guesses are counted. Pure."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

_IPV6_PREFIX: Final = 64
"""Bits that one customer or host has to itself (RFC 6177, RFC 7421): addresses within cost an attacker nothing."""


def origin_of(address: str) -> str:
    """The IPv4 address, the /64 of an IPv6 one, or the text itself where it is neither, such as a Unix socket's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _IPV6_PREFIX), strict=False))
