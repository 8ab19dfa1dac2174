"""One device: what it is, how it does, what it lost, what lasts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from edge_contracts.device import Presence
from fleet_manager.pages.ledger_view import LedgerView, ledger_view
from fleet_manager.pages.overview import device_href, site_href
from fleet_manager.pages.statistics_page import Tile
from fleet_manager.pages.wording import duration, moment_of, size
from fleet_manager.store.device_reading import STALE_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_contracts.alarm import Alarm
    from edge_contracts.device import Birth, InspectionPoint, PointState, State
    from fleet_manager.pages.alert_item import AlertItem
    from fleet_manager.pages.device_reading import DeviceFile
    from fleet_manager.store.ledger import DeviceLedger

ENDS_SOON_S: Final = 30 * 86_400
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """A name and what stands beside it; `href` is where it is told at length."""

    name: str
    text: str
    tone: str = ""
    is_code: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class PointLine:
    """One inspection point; counts since the daemon started."""

    name: str
    last: str
    source: str
    bundle: str
    model: str
    good: str
    defect: str
    unknown: str
    p95: str


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """A condition that lasts."""

    type: str
    severity: str
    reason: str
    about: str


@dataclass(frozen=True, slots=True)
class DevicePage:
    """The page."""

    address: str
    href: str
    alerts_href: str
    name: str
    site: str
    site_href: str
    presence: str
    about: str
    tiles: tuple[Tile, ...]
    alarms: tuple[AlarmLine, ...]
    points: tuple[PointLine, ...]
    born: datetime | None
    facts: tuple[DeviceFact, ...]
    ledger: LedgerView
    ledger_facts: tuple[DeviceFact, ...]
    rows: tuple[AlertItem, ...]


def device_page(file: DeviceFile, known: DeviceLedger | None, rows: Sequence[AlertItem], now_ms: int) -> DevicePage:
    """The page of a device.

    Args:
        file: what it said last.
        known: its ledger; None when it never sent an alert.
        rows: its newest alerts.
        now_ms: wall clock.
    """
    is_online = file.status == Presence.ONLINE.value
    return DevicePage(
        file.address,
        device_href(file.address),
        f"/alerts?state=any&device={quote(file.address, safe='')}",
        file.address.rpartition("/")[2],
        file.site,
        site_href(file.site),
        file.status,
        _heard(file, now_ms),
        _tiles(file.state, is_online=is_online),
        tuple(_alarm(one) for one in file.alarms),
        _points(file.birth, file.state, is_online=is_online),
        None if file.born_ms is None else moment_of(file.born_ms),
        tuple(_inventory(file.birth, now_ms)),
        ledger_view(known, proven=file.birth is None or file.birth.ack != "broker"),
        tuple(_ledger(known, file.birth)),
        tuple(rows),
    )


def _heard(file: DeviceFile, now_ms: int) -> str:
    if file.state_ms is None:
        return "has told no state yet"
    ago_s = max(now_ms - file.state_ms, 0) / _MS
    return "" if ago_s < STALE_S else f"its state is {duration(ago_s)} old"


def _tiles(state: State | None, *, is_online: bool) -> tuple[Tile, ...]:
    if state is None:
        return ()
    hot = f"{state.temperature_c:.0f} °C" if state.temperature_c is not None else "–"
    free = size(state.memory_free_bytes) if state.memory_free_bytes is not None else "–"
    waiting = f"oldest {duration(state.spool_age_s)}" if state.spool_depth else "nothing waits"
    tone = "unknown" if state.spool_depth else "good" if is_online else ""
    return (
        Tile("alerts in its spool", f"{state.spool_depth:,}", waiting, tone),
        Tile("temperature", hot, "throttled" if state.throttled else "", "unknown" if state.throttled else ""),
        Tile("disk free", size(state.disk_free_bytes)),
        Tile("memory free", free),
        Tile("up for", duration(state.uptime_s), f"clock: {state.clk.value}"),
    )


def _alarm(one: Alarm) -> AlarmLine:
    where = f"at {', '.join(one.where)}" if one.where else ""
    since = f"since {one.last:%d %b %H:%M} UTC" if one.last else ""
    about = ", ".join(part for part in (where, since) if part)
    return AlarmLine(one.type.value, one.severity.value, one.reason, f"({about})" if about else "")


def _points(birth: Birth | None, state: State | None, *, is_online: bool) -> tuple[PointLine, ...]:
    told = {point.point: point for point in state.points} if state else {}
    points = birth.points if birth else ()
    return tuple(_point(one, told.get(one.name), is_online=is_online) for one in points)


def _point(one: InspectionPoint, told: PointState | None, *, is_online: bool) -> PointLine:
    """The last verdict is shown of a device that is heard: a good one of yesterday says nothing of now."""
    if told is None:
        return PointLine(one.name, "", one.source, one.bundle, one.model, "–", "–", "–", "–")
    return PointLine(
        one.name,
        told.last.value if told.last and is_online else "",
        one.source,
        one.bundle,
        one.model,
        f"{told.good:,}",
        f"{told.defect:,}",
        f"{told.unknown:,}",
        "–" if told.p95_ms is None else f"{told.p95_ms:.0f} ms",
    )


def _inventory(birth: Birth | None, now_ms: int) -> list[DeviceFact]:
    if birth is None:
        return [DeviceFact("inventory", "it has not announced itself yet")]
    return [
        DeviceFact("hardware", birth.hardware),
        DeviceFact("system", birth.system),
        DeviceFact("Lepton Edge", birth.version),
        DeviceFact("runtime", f"{birth.runtime}, Python {birth.python}"),
        _certificate(birth, now_ms),
        DeviceFact("acknowledged by", f"the {birth.ack}"),
        DeviceFact("can", ", ".join(birth.capabilities) or "–"),
        DeviceFact("spool's life", birth.epoch, is_code=True),
        DeviceFact("session", f"{birth.session:,}"),
    ]


def _certificate(birth: Birth, now_ms: int) -> DeviceFact:
    end = birth.certificate_end
    if end is None:
        return DeviceFact("certificate", "none")
    left_s = end.timestamp() - now_ms / _MS
    if left_s <= 0:
        return DeviceFact("certificate", f"ended on {end:%d %b %Y}", "defect")
    return DeviceFact(
        "certificate", f"until {end:%d %b %Y}, {duration(left_s)} left", "unknown" if left_s < ENDS_SOON_S else ""
    )


def _ledger(known: DeviceLedger | None, birth: Birth | None) -> list[DeviceFact]:
    if known is None:
        return [DeviceFact("stored", "0")]
    facts = [DeviceFact("stored", f"{known.stored:,}"), DeviceFact("not yet arrived", f"{known.missing:,}")]
    facts += [DeviceFact(why.value, f"{count:,}") for why, count in known.lost.items()]
    facts.append(DeviceFact("refused and kept", f"{known.refused:,}", href="/quarantine"))
    if birth is not None and birth.ack == "broker":
        facts.append(DeviceFact("proof", "none: the broker acknowledges, not the manager"))
    return facts
