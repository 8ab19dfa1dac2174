"""The loss ledger: "lost: 0", or exactly what and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from edge_contracts.gap import GapReason
from fleet_manager.store.contiguity import Range, merge, subtract
from fleet_manager.store.tables import alerts, devices, gap_ranges, places, progress, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine

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


def shortfalls(con: Connection) -> dict[str, Shortfall]:
    """Devices of which anything is lost or missing, by address; what is stored is not counted, so this is quick."""
    gaps = _gaps(con, None)
    lost, missing = _lost(con, gaps), _missing(con, gaps, None)
    found = {one: {why: count for why, count in lost[one].items() if count} for one in {*lost, *missing}}
    return {
        one: Shortfall(by_reason, missing.get(one, 0))
        for one, by_reason in found.items()
        if by_reason or missing.get(one, 0)
    }


def ledger(engine: Engine, address: str | None = None) -> list[DeviceLedger]:
    """What each device, or one, has stored, lost, refused and still missing; in the order of their addresses."""
    with engine.connect() as con:
        stored = _counts(con, alerts, address)
        strangers = _counts(con, refused, address)
        told = con.execute(_of(select(devices.c.address, devices.c.ack), devices, address))
        acks = dict(told.all())
        gaps = _gaps(con, address)
        lost = _lost(con, gaps)
        missing = _missing(con, gaps, address)
        spoken = con.execute(_of(select(progress.c.address).distinct(), progress, address)).scalars().all()
    return [
        DeviceLedger(
            one,
            stored.get(one, 0),
            {why: lost[one][why] for why in _ORDER if lost[one][why]},
            strangers.get(one, 0),
            missing.get(one, 0),
            acks.get(one) != "broker",
        )
        for one in sorted({*stored, *strangers, *acks, *lost, *spoken})
    ]


def _of(query: Any, table: Any, address: str | None) -> Any:
    return query if address is None else query.where(table.c.address == address)


def _counts(con: Connection, table: Any, address: str | None) -> dict[str, int]:
    query = _of(select(table.c.address, func.count()).group_by(table.c.address), table, address)
    return dict(con.execute(query).all())


def _gaps(con: Connection, address: str | None) -> dict[tuple[str, str], dict[GapReason, list[Range]]]:
    columns = (gap_ranges.c.address, gap_ranges.c.epoch, gap_ranges.c.why, gap_ranges.c.first, gap_ranges.c.last)
    found: defaultdict[tuple[str, str], dict[GapReason, list[Range]]] = defaultdict(lambda: defaultdict(list))
    for where, epoch, why, first, last in con.execute(_of(select(*columns), gap_ranges, address)):
        found[where, epoch][GapReason(why)].append((first, last))
    return found


def _lost(
    con: Connection, gaps: Mapping[tuple[str, str], Mapping[GapReason, list[Range]]]
) -> defaultdict[str, dict[GapReason, int]]:
    """Sequences in gaps that are not stored after all, each counted under one reason."""
    lost: defaultdict[str, dict[GapReason, int]] = defaultdict(lambda: dict.fromkeys(_ORDER, 0))
    for key, reasons in gaps.items():
        counted: list[Range] = []
        for why in _ORDER:
            new = subtract(merge(reasons.get(why, [])), counted)
            counted += new
            lost[key[0]][why] += sum(_absent(con, key, piece) for piece in new)
    return lost


def _missing(
    con: Connection, gaps: Mapping[tuple[str, str], Mapping[GapReason, list[Range]]], address: str | None
) -> dict[str, int]:
    """Sequences below the highest stored one that neither arrived nor stand in a gap."""
    query = _of(select(progress).where(progress.c.top > progress.c.through), progress, address)
    missing: defaultdict[str, int] = defaultdict(int)
    for where, epoch, through, top in con.execute(query).all():
        told = [piece for ranges in gaps.get((where, epoch), {}).values() for piece in ranges]
        holes = subtract([(through + 1, top)], told)
        missing[where] += sum(_absent(con, (where, epoch), hole) for hole in holes)
    return missing


def _absent(con: Connection, key: tuple[str, str], piece: Range) -> int:
    """How many sequences of a range are not stored."""
    within = select(func.count()).where(
        places.c.address == key[0], places.c.epoch == key[1], places.c.seq.between(*piece)
    )
    return piece[1] - piece[0] + 1 - int(con.execute(within).scalar_one())
