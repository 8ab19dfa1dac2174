"""Which addresses a webhook may reach. Pure.

Who may write a rule names any address, and the manager stands where they do not: its own machine's services believe
what comes from it, and a cloud's metadata service hands out keys. So both are out of reach unless the site says
otherwise. Addresses of the plant are not: that is where receivers are.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA: Final[tuple[Network, ...]] = tuple(
    ip_network(one)
    for one in (
        "fd00:ec2::/32",  # Amazon: instance metadata, time, names
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle
    )
)
"""Services of clouds about their machines that are no link-local addresses, as 169.254.169.254 is."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 addresses written as IPv6 (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """may_reach: networks that are in reach although they are the machine's own, or its cloud's."""

    may_reach: tuple[Network, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether an address, as the resolver gives it, is in reach."""
        address = _plain(ip_address(text))
        return any(address in one for one in self.may_reach) or not _is_inside(address)


def _plain(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _is_inside(address: Address) -> bool:
    is_own = address.is_loopback or address.is_unspecified
    is_nobodys = address.is_link_local or address.is_multicast
    return is_own or is_nobodys or any(address in one for one in METADATA)
