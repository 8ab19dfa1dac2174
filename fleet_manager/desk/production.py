"""What was produced: minutes and running counts taken in, and good, defect, unknown told by time, place and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import func, select, update

from fleet_manager.desk.bounded_sum import added, bounded
from fleet_manager.desk.running_counts import Counts, Produced, Reading, by_quarter, produced
from fleet_manager.desk.tables import alert_quarters, production_last, production_quarters
from fleet_manager.store.dialect_insert import insert_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

By = Literal["site", "address", "point", "model", "quarter"]
"""What production is told by; `quarter` is the begin of a quarter of an hour, milliseconds as text."""
ParetoBy = Literal["cause", "label", "point", "address", "site", "model"]


@dataclass(frozen=True, slots=True)
class Span:
    """From when until before when, and where.

    from_ms, until_ms: milliseconds since 1970-01-01 UTC; counted are the quarters of an hour that begin within.
    sites: `org/site` each; None for every one, empty for none.
    address: one device; model: one bundle, by its SHA-256.
    """

    from_ms: int
    until_ms: int
    sites: tuple[str, ...] | None = None
    address: str | None = None
    point: str | None = None
    model: str | None = None


class Place(NamedTuple):
    """Where something was made: `org/site/device`, the inspection point, the bundle's SHA-256 or nothing."""

    address: str
    point: str
    model: str


@dataclass(frozen=True, slots=True)
class Made:
    """Parts of one group: of a site, a device, a model."""

    group: str
    counts: Counts

    @property
    def first_pass_yield(self) -> float | None:
        """The share of parts that were good the first time, 0 to 1; None where there were none."""
        return self.counts.good / self.counts.total if self.counts.total else None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a Pareto chart.

    alerts: how many were stored. parts: how many inspections they stand for.
    share: of all parts in the chart, 0 to 1; running: the same with all the bars before it.
    """

    name: str
    alerts: int
    parts: int
    share: float
    running: float


def note_counts(
    con: Connection, address: str, point: str, counts: Counts, at_ms: int, started_ms: int, model: str = ""
) -> None:
    """Take in what a point says that it counted since its daemon started.

    Args:
        con: a connection that writes; many points may share its transaction.
        address: `org/site/device`.
        point: the inspection point.
        counts: as in the station's `state`.
        at_ms: when the manager heard it, milliseconds since 1970-01-01 UTC.
        started_ms: when the daemon started: `at_ms` less its uptime.
        model: SHA-256 of the point's bundle, as its birth says; empty where that is not known.
    """
    reading = Reading(counts, at_ms, started_ms)
    is_first, before = _held(con, address, point, reading)
    made = produced(before, reading)
    if made is None:
        return
    if not is_first:
        last = production_last
        of_point = (last.c.address == address, last.c.point == point)
        con.execute(update(last).where(*of_point).values(**_values(reading)))
    add_produced(con, [(Place(address, point, model), made)])


def add_produced(con: Connection, made: Iterable[tuple[Place, Produced]]) -> None:
    """Add what was made, in the quarters of an hour in which it was; rows are touched in one order by everybody."""
    sums: dict[tuple[int, Place], Counts] = {}
    for place, some in made:
        for quarter_ms, share in by_quarter(some).items():
            sums[quarter_ms, place] = sums.get((quarter_ms, place), Counts()) + share
    if sums:
        con.execute(_adding(con), [_row(*one) for one in sorted(sums.items(), key=lambda one: one[0])])


def production(con: Connection, span: Span, by: By = "site") -> tuple[Made, ...]:
    """Good, defect and unknown per group, in the groups' order."""
    table = production_quarters
    column = table.c.quarter_ms if by == "quarter" else table.c[by]
    sums = [func.sum(one) for one in (table.c.good, table.c.defect, table.c.unknown)]
    query = select(column, *sums).where(*_within(table, span)).group_by(column).order_by(column)
    return tuple(Made(str(group), Counts(*map(int, told))) for group, *told in con.execute(query))


def pareto(
    con: Connection, span: Span, by: ParetoBy = "label", outcome: str | None = "defect", most: int = 20
) -> tuple[Bar, ...]:
    """What went wrong most often: the `most` largest groups of alerts, the largest first.

    outcome: `defect`, `unknown`, or None for both. A group without a name (no label, no model) is the empty text.
    """
    table = alert_quarters
    column = table.c[by]
    parts = func.sum(table.c.parts)
    query = select(column, func.sum(table.c.alerts), parts).where(*_within(table, span)).group_by(column)
    if outcome is not None:
        query = query.where(table.c.outcome == outcome)
    rows = [(str(name), int(alerts), int(parts)) for name, alerts, parts in con.execute(query)]
    return _bars(sorted(rows, key=lambda row: (-row[2], row[0])), most)


def _bars(rows: Sequence[tuple[str, int, int]], most: int) -> tuple[Bar, ...]:
    whole = sum(parts for _, _, parts in rows)
    bars: list[Bar] = []
    running = 0
    for name, alerts, parts in rows[:most]:
        running += parts
        bars.append(Bar(name, alerts, parts, parts / whole, running / whole))
    return tuple(bars)


def _within(table: Table, span: Span) -> list[ColumnElement[bool]]:
    wanted = [table.c.quarter_ms >= span.from_ms, table.c.quarter_ms < span.until_ms]
    if span.sites is not None:
        wanted.append(table.c.site.in_(span.sites))
    told = {"address": span.address, "point": span.point, "model": span.model}
    return wanted + [table.c[name] == value for name, value in told.items() if value is not None]


def _held(con: Connection, address: str, point: str, reading: Reading) -> tuple[bool, Reading | None]:
    """Whether this is the point's first reading, else the one before; its row is held until the transaction ends."""
    table = production_last
    fresh = insert_into(con, table).values(address=address, point=point, **_values(reading)).on_conflict_do_nothing()
    if con.execute(fresh.returning(table.c.point)).one_or_none() is not None:
        return True, None
    query = select(table).where(table.c.address == address, table.c.point == point).with_for_update()
    row = con.execute(query).one()
    return False, Reading(Counts(row.good, row.defect, row.unknown), row.at_ms, row.started_ms)


def _values(reading: Reading) -> dict[str, int]:
    counts = reading.counts
    told = {"good": counts.good, "defect": counts.defect, "unknown": counts.unknown}
    return {**told, "at_ms": reading.at_ms, "started_ms": reading.started_ms}


def _adding(con: Connection) -> Any:
    """One statement for all rows: a station that has run for a day has a hundred quarters when it first speaks."""
    table = production_quarters
    row = insert_into(con, table)
    more = {name: added(table.c[name], row.excluded[name]) for name in ("good", "defect", "unknown")}
    return row.on_conflict_do_update(index_elements=table.primary_key.columns.keys(), set_=more)


def _row(key: tuple[int, Place], share: Counts) -> dict[str, Any]:
    quarter_ms, place = key
    told = {"quarter_ms": quarter_ms, "address": place.address, "point": place.point, "model": place.model}
    made = {"good": bounded(share.good), "defect": bounded(share.defect), "unknown": bounded(share.unknown)}
    return {**told, "site": place.address.rpartition("/")[0], **made}
