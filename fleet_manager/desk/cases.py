"""Cases for people: which are open, how many there are on each line, and seeing to all alerts of one at once.

A case is open while the newest of its alerts is new. Who looks at that alert has seen the case; when it goes on after
that, it is open again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, func, insert, select, tuple_

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from fleet_manager.desk.case_reader import case_of
from fleet_manager.desk.followed_alert import happened_ms
from fleet_manager.desk.inbox import PAGE, AlertLine, Page, alert_columns, alert_line
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.tables import alert_history, alert_states, cases
from fleet_manager.store.dialect_insert import insert_into
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from fleet_manager.desk.case import Case

MOST_AT_ONCE: Final = 5000
"""Alerts that one acknowledgement of a case may change."""


CURSOR: Final = r"^[0-9]{1,16}-[0-9]{1,16}$"
"""Where a page of cases ended, as an address says it."""


class NoSuchCase(BadInputError):
    """There is no case of this number, or none that this person may see; it may have become part of another."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as a list shows it."""

    case: Case
    is_open: bool


@dataclass(frozen=True, slots=True)
class CasePage:
    """Cases, the last to grow first.

    older: what to give as `before` for the next page; None where nothing older is left.
    """

    lines: tuple[CaseLine, ...]
    older: tuple[int, int] | None


def case_cursor(text: str) -> tuple[int, int] | None:
    """Where the page before ended; None at the beginning.

    Raises:
        BadInputError: it is no end of a page.
    """
    if not text:
        return None
    if not re.fullmatch(CURSOR, text) or text.endswith("\n"):
        raise BadInputError(f"wanted the end of a page of cases, found {text[:40]!r}: look at the list")
    last_ms, number = text.split("-")
    return int(last_ms), int(number)


@dataclass(frozen=True, slots=True)
class OpenCount:
    """Open cases of one inspection point and severity."""

    site: str
    address: str
    point: str
    severity: Severity
    cases: int


def list_cases(
    con: Connection,
    sites: tuple[str, ...] | None,
    since_ms: int,
    *,
    only_open: bool = False,
    before: tuple[int, int] | None = None,
    limit: int = PAGE,
) -> CasePage:
    """Cases that went on after `since_ms`, page by page.

    Args:
        con: a connection that reads.
        sites: those that the person may see; None for every one, empty for none.
        since_ms: milliseconds since 1970-01-01 UTC.
        only_open: leave out those whose newest alert somebody has seen.
        before: where the page before ended, its `older`.
        limit: cases of one page.
    """
    query = _with_state(_wanted(sites, since_ms), only_open=only_open).limit(limit + 1)
    if before is not None:
        query = query.where(tuple_(cases.c.last_ms, cases.c.id) < tuple_(*before))
    rows = con.execute(query.order_by(cases.c.last_ms.desc(), cases.c.id.desc())).all()
    lines = tuple(CaseLine(case_of(row), row.state is None) for row in rows[:limit])
    return CasePage(lines, (rows[limit - 1].last_ms, rows[limit - 1].id) if len(rows) > limit else None)


def open_counts(con: Connection, sites: tuple[str, ...] | None, since_ms: int) -> tuple[OpenCount, ...]:
    """How many cases are open on each inspection point, of those that went on after `since_ms`."""
    place = (cases.c.site, cases.c.address, cases.c.point, cases.c.severity)
    query = (
        select(*place, func.count())
        .outerjoin(alert_states, alert_states.c.alert_id == cases.c.last_id)
        .where(alert_states.c.state.is_(None), *_wanted(sites, since_ms))
        .group_by(*place)
        .order_by(*place)
    )
    rows = con.execute(query)
    return tuple(OpenCount(site, where, point, Severity(grave), number) for site, where, point, grave, number in rows)


def find_case(con: Connection, case_id: int, sites: tuple[str, ...] | None = None) -> CaseLine:
    """One case.

    Raises:
        NoSuchCase: there is none, or the person may not see it.
    """
    row = con.execute(_with_state([cases.c.id == case_id], only_open=False)).one_or_none()
    if row is None or (sites is not None and row.site not in sites):
        raise NoSuchCase(f"wanted a case, found none of number {case_id}: look in the list of cases")
    return CaseLine(case_of(row), row.state is None)


def case_alerts(con: Connection, case: Case, before_id: int | None = None, limit: int = PAGE) -> Page:
    """The alerts of a case, newest first."""
    found = _members(case).order_by(alerts.c.id.desc()).limit(limit + 1)
    if before_id is not None:
        found = found.where(alerts.c.id < before_id)
    lines = [alert_line(row) for row in con.execute(found)]
    return Page(tuple(lines[:limit]), lines[limit - 1].id if len(lines) > limit else None)


def acknowledge_case(con: Connection, case: Case, who: str, at_ms: int) -> tuple[AlertLine, ...]:
    """Acknowledge every alert of the case that is still new, `MOST_AT_ONCE` at most; those that it changed.

    Args:
        con: a connection that writes.
        case: as the person saw it; alerts that came after that stay new.
        who: the person's name.
        at_ms: now, milliseconds since 1970-01-01 UTC.
    """
    new = _members(case).where(alert_states.c.state.is_(None)).order_by(alerts.c.id.desc()).limit(MOST_AT_ONCE)
    lines = [alert_line(row) for row in con.execute(new)]
    if not lines:
        return ()
    seen = {"state": AlertState.ACKNOWLEDGED.value, "who": who, "changed_ms": at_ms}
    fresh = insert_into(con, alert_states).on_conflict_do_nothing().returning(alert_states.c.alert_id)
    rows = [{"alert_id": one.id, "site": one.site, **seen} for one in lines]
    mine = set(con.execute(fresh, rows).scalars())
    change = {"before": AlertState.NEW.value, "after": AlertState.ACKNOWLEDGED.value}
    told = {"who": who, "at_ms": at_ms, "text": "", **change}
    if mine:
        con.execute(insert(alert_history), [{"alert_id": number, **told} for number in sorted(mine)])
    return tuple(one for one in lines if one.id in mine)


def _wanted(sites: tuple[str, ...] | None, since_ms: int) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [cases.c.last_ms >= since_ms]
    return wanted if sites is None else [*wanted, cases.c.site.in_(sites)]


def _with_state(wanted: list[ColumnElement[bool]], *, only_open: bool) -> Select[Any]:
    newest = alert_states.c.alert_id == cases.c.last_id
    query = select(cases, alert_states.c.state).outerjoin(alert_states, newest).where(*wanted)
    return query.where(alert_states.c.state.is_(None)) if only_open else query


def _members(case: Case) -> Select[Any]:
    kind = case.kind
    alike = (alerts.c.point == kind.point, alerts.c.outcome == kind.outcome, alerts.c.cause == kind.cause)
    return alert_columns().where(
        alerts.c.address == kind.address,
        alerts.c.id.between(case.first_id, case.last_id),
        *alike,
        func.coalesce(alerts.c.label, "") == kind.label,
        happened_ms().between(case.first_ms, case.last_ms),
    )
