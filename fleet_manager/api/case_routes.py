"""Cases: alerts of one kind from one place that follow each other closely, as the one thing that a person looks at."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from edge_contracts.alert import Severity
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.alert_documents import AlertPage, alert_document
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import (
    Before,
    Document,
    Limit,
    RowNumber,
    Since,
    SiteQuery,
    milliseconds,
    moment,
    site_tuple,
)
from fleet_manager.desk.cases import (
    CURSOR,
    NoSuchCase,
    acknowledge_case,
    case_alerts,
    case_cursor,
    find_case,
    list_cases,
)
from fleet_manager.desk.inbox import PAGE
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller
    from fleet_manager.desk.cases import CaseLine

DAYS_MS: Final = 30 * 86_400_000
"""How far the list looks back where nothing else is asked for."""
Cursor = Annotated[str, StringConstraints(pattern=CURSOR)]


class CaseDocument(Document):
    """One case; `severity` is the worst of its alerts, `parts` the inspections that they stand for.

    It is open while the newest of its alerts is new.
    """

    id: int
    address: str
    site: str
    point: str
    outcome: str
    cause: str
    label: str
    severity: Severity
    first: datetime
    last: datetime
    alerts: int
    parts: int
    is_open: bool


class CasePage(Document):
    """Cases, the last to grow first; `next` is the next page's `before`."""

    items: list[CaseDocument]
    next: str | None


class Acknowledged(Document):
    """The alerts that were new and are acknowledged now."""

    alerts: list[int]


@needs(Permission.SEE_ALERTS)
def show_cases(
    caller: CallerNow,
    services: ServicesNow,
    site: SiteQuery = None,
    since: Since = None,
    only_open: Annotated[bool, Query(description="Leave out those that somebody has seen.")] = False,  # noqa: FBT002 - a query has no position
    before: Annotated[Cursor | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = PAGE,
) -> CasePage:
    """Cases that went on in the last 30 days, or since another time."""
    since_ms = services.unix_ms() - DAYS_MS if since is None else milliseconds(since)
    with services.engine.connect() as con:
        sites = site_tuple(caller.sites_of(site))
        page = list_cases(con, sites, since_ms, only_open=only_open, before=case_cursor(before or ""), limit=limit)
    following = None if page.older is None else "-".join(map(str, page.older))
    return CasePage(items=[_document(line) for line in page.lines], next=following)


@needs(Permission.SEE_ALERTS)
def show_case(caller: CallerNow, services: ServicesNow, case: RowNumber) -> CaseDocument:
    """One case."""
    return _document(_found(caller, services, case))


@needs(Permission.SEE_ALERTS)
def show_case_alerts(
    caller: CallerNow, services: ServicesNow, case: RowNumber, before: Before = None, limit: Limit = PAGE
) -> AlertPage:
    """The alerts of a case, newest first."""
    found = _found(caller, services, case).case
    with services.engine.connect() as con:
        page = case_alerts(con, found, before, limit)
    return AlertPage(items=[alert_document(line) for line in page.lines], next=page.older, is_cut=page.is_cut)


@needs(Permission.ACKNOWLEDGE)
def acknowledge(caller: CallerNow, services: ServicesNow, case: RowNumber) -> Acknowledged:
    """Somebody takes care of all alerts of a case that are new."""
    found = _found(caller, services, case).case
    site = found.kind.site
    with services.people.audit.act(caller.principal, "acknowledge case", f"case:{case}", site) as con:
        lines = acknowledge_case(con, found, caller.principal.name, services.unix_ms())
    return Acknowledged(alerts=[line.id for line in lines])


def case_routes() -> APIRouter:
    """`/cases` and `/cases/{id}`."""
    routes = guarded_router("cases")
    routes.get("/cases")(show_cases)
    routes.get("/cases/{case}")(show_case)
    routes.get("/cases/{case}/alerts")(show_case_alerts)
    routes.post("/cases/{case}/acknowledge")(acknowledge)
    return routes


def _found(caller: Caller, services: Services, number: int) -> CaseLine:
    what = f"case {number}"
    try:
        with services.engine.connect() as con:
            line = find_case(con, number)
    except NoSuchCase as err:
        raise not_found(what) from err
    caller.check_site(line.case.kind.site, what)
    return line


def _document(line: CaseLine) -> CaseDocument:
    case = line.case
    return CaseDocument(
        id=case.id or 0,
        address=case.kind.address,
        site=case.kind.site,
        point=case.kind.point,
        outcome=case.kind.outcome,
        cause=case.kind.cause,
        label=case.kind.label,
        severity=case.severity,
        first=moment(case.first_ms),
        last=moment(case.last_ms),
        alerts=case.alerts,
        parts=case.parts,
        is_open=line.is_open,
    )
