"""The alert inbox: newest first, page by page, at the price of a page however many alerts are stored.

A page begins below an alert's id, never at an offset, and each site's alerts are read along their own index. A filter
that an index does not serve (cause, severity, …) reads at most `READ_ROWS` alerts for one page; where they do not fill
it the page says so, and the next one goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, and_, func, select

from edge_contracts.alert import Severity
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.stored_time import narrowed
from fleet_manager.desk.tables import alert_states
from fleet_manager.store.stored_alert import stored_alert
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, FromClause, Row, ScalarSelect

    from edge_contracts.alert import Evidence

PAGE: Final = 50
MOST_ON_A_PAGE: Final = 500
READ_ROWS: Final = 20_000
"""Alerts that are read for one page at most."""
MOST_SITES: Final = 16
"""With more sites than this, all alerts are read and those of the sites picked, as by a filter without an index."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts; what is None is not asked for.

    sites: those that the person may see, `org/site` each; None for every one, empty for none.
    address: one device, `org/site/device`.
    since_ms, until_ms: stored from here on, and before; the manager's clock, the only one that all alerts share.
    """

    sites: tuple[str, ...] | None = None
    address: str | None = None
    point: str | None = None
    part: str | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    severity: Severity | None = None
    label: str | None = None
    state: AlertState | None = None
    since_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert as the inbox shows it.

    id: its place in the manager's order; what the next page begins below.
    time_ms, stored_ms: the station's clock and the manager's, milliseconds since 1970-01-01 UTC.
    state, who, changed_ms: of its life; a new one has no who and no time.
    """

    id: int
    address: str
    site: str
    event_id: str
    time_ms: int
    stored_ms: int
    point: str
    part: str
    outcome: Outcome
    cause: Cause
    severity: Severity
    label: str | None
    score: float | None
    model: str | None
    count: int
    reason: str
    evidence: tuple[Evidence, ...]
    state: AlertState
    who: str | None
    changed_ms: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Alerts, newest first.

    older: what to give as `before_id` for the next page; None where nothing older is left.
    is_cut: the reading ended at `READ_ROWS` before the page was full; older ones may match.
    """

    lines: tuple[AlertLine, ...]
    older: int | None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Walk:
    """One index to read along: its column of alert ids, the conditions that begin it, and what it is joined to."""

    ids: ColumnElement[int]
    along: tuple[ColumnElement[bool], ...]
    source: FromClause


def inbox(con: Connection, wanted: Filter, before_id: int | None = None, limit: int = PAGE) -> Page:
    """The newest alerts below `before_id`, at most `limit` (1 to `MOST_ON_A_PAGE`)."""
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    walks = _walks(wanted)
    bounds = narrowed(con, wanted.since_ms, wanted.until_ms, before_id)
    if not walks or bounds is None:
        return Page((), None)
    least, below = bounds
    rest = _rest(wanted)
    floor = _floor(con, walks, least, below) if rest else least
    found = _newest(con, walks, rest, floor, below, limit + 1)
    rows = con.execute(alert_columns().where(alerts.c.id.in_(found[:limit])).order_by(alerts.c.id.desc()))
    lines = tuple(map(alert_line, rows))
    if len(found) > limit:
        return Page(lines, lines[-1].id)
    return Page(lines, floor, is_cut=True) if floor > least else Page(lines, None)


def alert_columns() -> Select[Any]:
    """What `alert_line` reads, from alerts and their states; the caller adds its conditions."""
    states = (alert_states.c.state, alert_states.c.who, alert_states.c.changed_ms)
    return select(alerts, alerts.c.count.label("inspections"), *states).select_from(
        alerts.outerjoin(alert_states, alert_states.c.alert_id == alerts.c.id)
    )


def alert_line(row: Row[Any]) -> AlertLine:
    """A row of `alert_columns` as a value."""
    data = stored_alert(row.body)
    return AlertLine(
        id=row.id,
        address=row.address,
        site=row.site,
        event_id=row.event_id,
        time_ms=row.time_ms,
        stored_ms=row.stored_ms,
        point=row.point,
        part=row.part,
        outcome=Outcome(row.outcome),
        cause=Cause(row.cause),
        severity=Severity(row.severity),
        label=row.label,
        score=row.score,
        model=row.model,
        count=row.inspections,
        reason=data.reason,
        evidence=data.evidence,
        state=AlertState(row.state or AlertState.NEW),
        who=row.who,
        changed_ms=row.changed_ms,
    )


def _walks(wanted: Filter) -> list[_Walk]:
    """The indexes along which the alerts are read; none where nothing can match."""
    sites = wanted.sites
    if wanted.address is not None:
        mine = sites is None or wanted.address.rpartition("/")[0] in sites
        return [_Walk(alerts.c.id, (alerts.c.address == wanted.address,), alerts)] if mine else []
    has_each = sites is not None and len(sites) <= MOST_SITES
    if _is_kept(wanted.state):
        of_state = alert_states.c.state == wanted.state
        joined = alert_states.join(alerts, alerts.c.id == alert_states.c.alert_id)
        each = [(alert_states.c.site == site, of_state) for site in sites or ()] if has_each else [(of_state,)]
        return [_Walk(alert_states.c.alert_id, along, joined) for along in each]
    along_sites = [(alerts.c.site == site,) for site in sites or ()] if has_each else [()]
    return [_Walk(alerts.c.id, along, alerts) for along in along_sites]


def _is_kept(state: AlertState | None) -> bool:
    """Whether a state has rows of its own."""
    return state is not None and state is not AlertState.NEW


def _rest(wanted: Filter) -> list[ColumnElement[bool]]:
    """The conditions that no index serves."""
    columns = {
        alerts.c.point: wanted.point,
        alerts.c.part: wanted.part,
        alerts.c.outcome: wanted.outcome,
        alerts.c.cause: wanted.cause,
        alerts.c.severity: wanted.severity,
        alerts.c.label: wanted.label,
    }
    rest = [column == value for column, value in columns.items() if value is not None]
    if wanted.since_ms is not None:
        rest.append(alerts.c.stored_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        rest.append(alerts.c.stored_ms < wanted.until_ms)
    if wanted.state is AlertState.NEW:
        rest.append(_state_of_alert().is_(None))
    elif wanted.state is not None and wanted.address is not None:
        rest.append(_state_of_alert() == wanted.state)
    if wanted.address is None and wanted.sites is not None and len(wanted.sites) > MOST_SITES:
        rest.append(alerts.c.site.in_(wanted.sites))
    return rest


def _state_of_alert() -> ScalarSelect[str]:
    """Looked up alert by alert: as a join, PostgreSQL reads every state to begin with."""
    return select(alert_states.c.state).where(alert_states.c.alert_id == alerts.c.id).scalar_subquery()


def _floor(con: Connection, walks: Sequence[_Walk], least: int, below: int | None) -> int:
    """The id down to which every walk can be read with `READ_ROWS` rows in all; `least` where they end before."""
    share = max(READ_ROWS // len(walks), 1)
    floor = least
    for walk in walks:
        some = select(walk.ids.label("id")).where(*_between(walk, least, below)).order_by(walk.ids.desc()).limit(share)
        ids = some.subquery()
        lowest, rows = con.execute(select(func.min(ids.c.id), func.count()).select_from(ids)).one()
        if rows == share:
            floor = max(floor, int(lowest))
    return floor


def _newest(
    con: Connection,
    walks: Sequence[_Walk],
    rest: Sequence[ColumnElement[bool]],
    floor: int,
    below: int | None,
    limit: int,
) -> list[int]:
    """The ids of the newest of all walks, the newest first."""
    found: list[int] = []
    for walk in walks:
        query = select(walk.ids).select_from(walk.source).where(*_between(walk, floor, below), *rest)
        found += con.execute(query.order_by(walk.ids.desc()).limit(limit)).scalars()
    return sorted(found, reverse=True)[:limit]


def _between(walk: _Walk, least: int, below: int | None) -> list[ColumnElement[bool]]:
    bounds = [walk.ids >= least] if below is None else [walk.ids >= least, walk.ids < below]
    return [and_(*walk.along, *bounds)]
