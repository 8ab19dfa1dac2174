"""The loss ledger: "lost: 0", or exactly what and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from edge_contracts.gap import GapReason
from fleet_manager.store.contiguity import Range, subtract
from fleet_manager.store.pieces import Piece, absent
from fleet_manager.store.tables import alerts, devices, gap_ranges, progress, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import ColumnElement, Connection, Engine

    Seen = Callable[[ColumnElement[str]], ColumnElement[bool]] | None
    """Which addresses are looked at; None for all."""
    Gaps = Mapping[tuple[str, str], Mapping[GapReason, list[Range]]]
    """What was told of each life, by address and epoch."""

_ORDER: Final = (GapReason.SHED, GapReason.STATISTICS, GapReason.DAMAGED, GapReason.REFUSED, GapReason.FREED)
"""A sequence that stands in several gaps is counted under the first of these reasons."""


@dataclass(frozen=True, slots=True)
class DeviceLedger:
    """One device.

    address: `org/site/device`. stored: alerts in the store. lost: sequences that will never come, by reason.
    refused: messages in quarantine. missing: sequences that have not come yet. proven: False where the broker, not
    the manager, acknowledges, so that nobody knows what was lost behind the last alert.
    """

    address: str
    stored: int
    lost: Mapping[GapReason, int]
    refused: int
    missing: int
    proven: bool

    def sentence(self) -> str:
        """One line for a person."""
        reasons = ", ".join(f"{why.value} {count}" for why, count in self.lost.items())
        parts = [f"stored {self.stored}", f"lost: {sum(self.lost.values())}" + (f" ({reasons})" if reasons else "")]
        if self.missing:
            parts.append(f"not yet arrived: {self.missing}")
        if self.refused:
            parts.append(f"refused and kept: {self.refused}")
        if not self.proven:
            parts.append("not proven (the broker acknowledges)")
        return f"{self.address or '(no device)'}: " + ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What of one device is not there: lost by reason, and missing; as in its ledger."""

    lost: Mapping[GapReason, int]
    missing: int


def shortfalls(con: Connection, sites: Collection[str] | None) -> dict[str, Shortfall]:
    """Devices of which anything is lost or missing, by address; what is stored is not counted, so this is quick.

    Args:
        con: a connection that reads.
        sites: those that are looked at, `org/site` each; None for every one, empty for none.
    """
    seen = _sites(sites)
    gaps = _gaps(con, seen)
    lost, missing = _lost(con, gaps), _missing(con, gaps, seen)
    found = {one: {why: count for why, count in lost.get(one, {}).items() if count} for one in {*lost, *missing}}
    return {
        one: Shortfall(by_reason, missing.get(one, 0))
        for one, by_reason in found.items()
        if by_reason or missing.get(one, 0)
    }


def ledger(engine: Engine, address: str | None = None) -> list[DeviceLedger]:
    """What each device, or one, has stored, lost, refused and still missing; in the order of their addresses."""
    seen = _device(address)
    with engine.connect() as con:
        stored = _counts(con, alerts, seen)
        strangers = _counts(con, refused, seen)
        told = con.execute(_of(select(devices.c.address, devices.c.ack), devices, seen))
        acks = dict(told.all())
        gaps = _gaps(con, seen)
        lost = _lost(con, gaps)
        missing = _missing(con, gaps, seen)
        spoken = con.execute(_of(select(progress.c.address).distinct(), progress, seen)).scalars().all()
    return [
        DeviceLedger(
            one,
            stored.get(one, 0),
            {why: count for why, count in lost.get(one, {}).items() if count},
            strangers.get(one, 0),
            missing.get(one, 0),
            acks.get(one) != "broker",
        )
        for one in sorted({*stored, *strangers, *acks, *lost, *spoken})
    ]


def _of(query: Any, table: Any, seen: Seen) -> Any:
    return query if seen is None else query.where(seen(table.c.address))


def _device(address: str | None) -> Seen:
    return None if address is None else lambda column: column == address


def _sites(sites: Collection[str] | None) -> Seen:
    if sites is None:
        return None
    return lambda column: or_(False, *(column.startswith(f"{site}/", autoescape=True) for site in sorted(sites)))


def _counts(con: Connection, table: Any, seen: Seen) -> dict[str, int]:
    query = _of(select(table.c.address, func.count()).group_by(table.c.address), table, seen)
    return dict(con.execute(query).all())


def _gaps(con: Connection, seen: Seen) -> Gaps:
    columns = (gap_ranges.c.address, gap_ranges.c.epoch, gap_ranges.c.why, gap_ranges.c.first, gap_ranges.c.last)
    found: defaultdict[tuple[str, str], dict[GapReason, list[Range]]] = defaultdict(lambda: defaultdict(list))
    for where, epoch, why, first, last in con.execute(_of(select(*columns), gap_ranges, seen)):
        found[where, epoch][GapReason(why)].append((first, last))
    return found


def _lost(con: Connection, gaps: Gaps) -> dict[str, dict[GapReason, int]]:
    """Sequences in gaps that are not stored after all, each counted under one reason."""
    pieces: list[Piece] = []
    for key, reasons in gaps.items():
        counted: list[Range] = []
        for why in _ORDER:
            new = subtract(reasons.get(why, ()), counted)
            counted += new
            pieces += [Piece(*key, why.value, *piece) for piece in new]
    count = absent(con, pieces)
    return {one: {why: count[one, why.value] for why in _ORDER} for one, _ in gaps}


def _missing(con: Connection, gaps: Gaps, seen: Seen) -> dict[str, int]:
    """Sequences below the highest stored one that neither arrived nor stand in a gap."""
    query = _of(select(progress).where(progress.c.top > progress.c.through), progress, seen)
    holes: list[Piece] = []
    for where, epoch, through, top in con.execute(query).all():
        told = [piece for ranges in gaps.get((where, epoch), {}).values() for piece in ranges]
        holes += [Piece(where, epoch, "", *hole) for hole in subtract([(through + 1, top)], told)]
    return {where: count for (where, _), count in absent(con, holes).items()}
