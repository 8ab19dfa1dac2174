"""The overview: every site, the devices of it that want a look first. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fleet_manager.pages.ledger_view import LedgerView, ledger_of_site, ledger_view
from fleet_manager.pages.open_counts import OpenCounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_manager.pages.device_reading import DeviceRow
    from fleet_manager.store.ledger import Shortfall

SHOWN_OF_MANY: Final = 12
"""Devices that a site shows where several sites are shown."""
SHOWN_OF_ONE: Final = 1_000


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device of a site."""

    name: str
    href: str
    alerts_href: str
    presence: str
    counts: OpenCounts
    ledger: LedgerView
    alarms: str


@dataclass(frozen=True, slots=True)
class SiteCard:
    """One site.

    name: `org/site`. devices: how many it has. lines: those that are shown. hidden: how many are not.
    """

    name: str
    href: str
    alerts_href: str
    devices: int
    online: int
    counts: OpenCounts
    ledger: LedgerView
    lines: tuple[DeviceLine, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The page."""

    href: str
    about: str
    devices: int
    online: int
    counts: OpenCounts
    ledger: LedgerView
    alarms: int
    refused: int
    sites: tuple[SiteCard, ...]


def overview_of(
    devices: Sequence[DeviceRow],
    missed: Mapping[str, Shortfall],
    counts: Mapping[str, OpenCounts],
    site: str | None = None,
    refused: int = 0,
) -> Overview:
    """The page of all sites, or of one.

    Args:
        devices: those that the viewer may see.
        missed: by address, devices of which something is lost or missing.
        counts: by address; a device that is not there has no open alert.
        site: the one that is asked for.
        refused: messages in quarantine.
    """
    of_site: defaultdict[str, list[DeviceRow]] = defaultdict(list)
    for one in devices:
        of_site[one.site].append(one)
    most = SHOWN_OF_MANY if site is None else SHOWN_OF_ONE
    cards = tuple(_card(name, of_site[name], missed, counts, most) for name in sorted(of_site))
    return Overview(
        "/" if site is None else site_href(site),
        "" if site is None else site,
        len(devices),
        sum(one.status == "online" for one in devices),
        sum((card.counts for card in cards), OpenCounts()),
        _ledger(devices, missed),
        sum(len(one.alarms) for one in devices),
        refused,
        cards,
    )


def _ledger(devices: Sequence[DeviceRow], missed: Mapping[str, Shortfall]) -> LedgerView:
    """Of all devices; that every alert is here or on its way is said only where each device's ledger proves it."""
    found = ledger_of_site([ledger_view(missed.get(one.address), proven=one.is_proven) for one in devices])
    if found.lost:
        return replace(found, words="alerts that will never come")
    return replace(found, words="every alert is here, or on its way") if devices and found.proven else found


def site_href(site: str) -> str:
    """The address of a site's own page."""
    return f"/?site={quote(site, safe='')}"


def device_href(address: str) -> str:
    """The address of a device's page."""
    return f"/devices/{quote(address)}"


def _card(
    name: str,
    devices: Sequence[DeviceRow],
    missed: Mapping[str, Shortfall],
    counts: Mapping[str, OpenCounts],
    most: int,
) -> SiteCard:
    first = sorted(devices, key=lambda one: (not _wants_a_look(one, missed, counts), one.address))[:most]
    shown = sorted(first, key=lambda one: one.address)
    return SiteCard(
        name,
        site_href(name),
        f"/alerts?site={quote(name, safe='')}",
        len(devices),
        sum(one.status == "online" for one in devices),
        sum((counts.get(one.address, OpenCounts()) for one in devices), OpenCounts()),
        ledger_of_site([ledger_view(missed.get(one.address), proven=one.is_proven) for one in devices]),
        tuple(_line(one, missed.get(one.address), counts.get(one.address, OpenCounts())) for one in shown),
        len(devices) - len(shown),
    )


def _wants_a_look(one: DeviceRow, missed: Mapping[str, Shortfall], counts: Mapping[str, OpenCounts]) -> bool:
    waits = counts.get(one.address, OpenCounts()).critical > 0
    return one.status != "online" or bool(one.alarms) or waits or one.address in missed


def _line(one: DeviceRow, missed: Shortfall | None, counts: OpenCounts) -> DeviceLine:
    return DeviceLine(
        one.address.rpartition("/")[2],
        device_href(one.address),
        f"/alerts?device={quote(one.address, safe='')}",
        one.status,
        counts,
        ledger_view(missed, proven=one.is_proven),
        ", ".join(one.alarms),
    )
