"""Cases in the database, kept as alerts come."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from edge_contracts.alert import Severity
from fleet_manager.desk.case import Case, Kind, fold, kind_of
from fleet_manager.desk.tables import cases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from fleet_manager.desk.followed_alert import FollowedAlert


class CaseReader:
    """Joins each alert to its case.

    Args:
        gap_ms: alerts that are further apart are two cases, milliseconds.
    """

    name = "cases"

    def __init__(self, gap_ms: int) -> None:
        self._gap_ms = gap_ms

    def take(self, con: Connection, found: Sequence[FollowedAlert]) -> None:
        """Write the cases that these alerts change."""
        by_kind: defaultdict[Kind, list[FollowedAlert]] = defaultdict(list)
        for alert in found:
            by_kind[kind_of(alert)].append(alert)
        changed: list[Case] = []
        gone: list[int] = []
        for kind, new in by_kind.items():
            folded = fold(self._near(con, kind, new), new, self._gap_ms)
            changed += folded.changed
            gone += folded.gone
        _write(con, changed, gone)

    def _near(self, con: Connection, kind: Kind, new: Sequence[FollowedAlert]) -> list[Case]:
        """Stored cases of the kind that lie within the gap of these alerts."""
        when = [alert.happened_ms for alert in new]
        near = (cases.c.last_ms >= min(when) - self._gap_ms, cases.c.first_ms <= max(when) + self._gap_ms)
        alike = [cases.c[name] == value for name, value in _kind_values(kind).items()]
        return [case_of(row) for row in con.execute(select(cases).where(*alike, *near))]


def case_of(row: Row[Any]) -> Case:
    """A row of `cases` as a value."""
    kind = Kind(row.address, row.point, row.outcome, row.cause, row.label)
    told = (row.first_ms, row.last_ms, row.first_id, row.last_id, row.alerts, row.parts)
    return Case(row.id, kind, Severity(row.severity), *told)


def _write(con: Connection, changed: Sequence[Case], gone: Sequence[int]) -> None:
    fresh = [{**_kind_values(one.kind), "site": one.kind.site, **_values(one)} for one in changed if one.id is None]
    moved = [{"of": one.id, **_values(one)} for one in changed if one.id is not None]
    if gone:
        con.execute(delete(cases).where(cases.c.id.in_(gone)))
    if moved:
        con.execute(update(cases).where(cases.c.id == bindparam("of")), moved)
    if fresh:
        con.execute(insert(cases), fresh)


def _kind_values(kind: Kind) -> dict[str, str]:
    told = {"address": kind.address, "point": kind.point, "outcome": kind.outcome}
    return {**told, "cause": kind.cause, "label": kind.label}


def _values(case: Case) -> dict[str, Any]:
    names = ("first_ms", "last_ms", "first_id", "last_id", "alerts", "parts")
    return {"severity": case.severity.value, **{name: getattr(case, name) for name in names}}
