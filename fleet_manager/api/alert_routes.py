"""Alerts: the list, one with its history, and what people do to it.

Each step names the state that its caller saw; of two people who act at once the second is answered 409 with the state
that the first one made. Step and audit entry are one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from edge_contracts.alert import Severity
from edge_contracts.identifiers import Slug
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.alert_documents import AlertFileDocument, AlertPage, alert_document, alert_file_document
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import (
    AddressQuery,
    Before,
    Limit,
    Name,
    RowNumber,
    Since,
    SiteQuery,
    Text,
    Until,
    Wish,
    maybe_milliseconds,
    site_tuple,
)
from fleet_manager.desk.handling import AlertFile, NoSuchAlert, alert_file, change_state, comment
from fleet_manager.desk.inbox import PAGE, Filter, inbox
from fleet_manager.desk.life_cycle import AlertState, act_to
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller


class Step(Wish):
    """A step in an alert's life; `expected` is the state that you saw."""

    expected: AlertState
    text: Text = ""


class Judgement(Step):
    """What the part truly was, for the next training; without `label` it follows from the verdict."""

    label: Name | None = None


class Comment(Wish):
    """A comment, 1 to 4000 characters."""

    text: Annotated[Text, Field(min_length=1)]


@needs(Permission.SEE_ALERTS)
def list_alerts(
    caller: CallerNow,
    services: ServicesNow,
    site: SiteQuery = None,
    device: AddressQuery = None,
    point: Annotated[Slug | None, Query()] = None,
    part: Annotated[Name | None, Query()] = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    cause: Annotated[Cause | None, Query()] = None,
    severity: Annotated[Severity | None, Query()] = None,
    label: Annotated[Name | None, Query()] = None,
    state: Annotated[AlertState | None, Query()] = None,
    since: Since = None,
    until: Until = None,
    before: Before = None,
    limit: Limit = PAGE,
) -> AlertPage:
    """Alerts of the sites that the caller may see, newest first."""
    wanted = Filter(
        site_tuple(caller.sites_of(site)),
        device,
        point,
        part,
        outcome,
        cause,
        severity,
        label,
        state,
        maybe_milliseconds(since),
        maybe_milliseconds(until),
    )
    with services.engine.connect() as con:
        page = inbox(con, wanted, before, limit)
    return AlertPage(items=[alert_document(line) for line in page.lines], next=page.older, is_cut=page.is_cut)


@needs(Permission.SEE_ALERTS)
def show_alert(caller: CallerNow, services: ServicesNow, alert: RowNumber) -> AlertFileDocument:
    """One alert, what people did to it, and the message as it came."""
    return alert_file_document(_file(caller, services, alert))


def alert_routes() -> APIRouter:
    """`/alerts` and `/alerts/{id}`."""
    routes = guarded_router("alerts")
    routes.get("/alerts")(list_alerts)
    routes.get("/alerts/{alert}")(show_alert)
    routes.post("/alerts/{alert}/acknowledge")(acknowledge)
    routes.post("/alerts/{alert}/confirm")(confirm)
    routes.post("/alerts/{alert}/false-alarm")(false_alarm)
    routes.post("/alerts/{alert}/close")(close)
    routes.post("/alerts/{alert}/comments", status_code=201)(add_comment)
    return routes


@needs(Permission.ACKNOWLEDGE)
def acknowledge(caller: CallerNow, services: ServicesNow, alert: RowNumber, step: Step) -> AlertFileDocument:
    """Somebody takes care; also opens again what was closed."""
    return _moved(caller, services, alert, step, AlertState.ACKNOWLEDGED)


@needs(Permission.LABEL)
def confirm(caller: CallerNow, services: ServicesNow, alert: RowNumber, step: Judgement) -> AlertFileDocument:
    """The part has a defect; a label for training."""
    return _moved(caller, services, alert, step, AlertState.CONFIRMED_DEFECT)


@needs(Permission.LABEL)
def false_alarm(caller: CallerNow, services: ServicesNow, alert: RowNumber, step: Judgement) -> AlertFileDocument:
    """The part is good; a label for training."""
    return _moved(caller, services, alert, step, AlertState.FALSE_ALARM)


@needs(Permission.ACKNOWLEDGE)
def close(caller: CallerNow, services: ServicesNow, alert: RowNumber, step: Step) -> AlertFileDocument:
    """Nothing is left to do."""
    return _moved(caller, services, alert, step, AlertState.CLOSED)


@needs(Permission.COMMENT)
def add_comment(caller: CallerNow, services: ServicesNow, alert: RowNumber, said: Comment) -> AlertFileDocument:
    """Say something to an alert, whatever its state."""
    site = _file(caller, services, alert).line.site
    with services.people.audit.act(caller.principal, "comment", f"alert:{alert}", site) as con:
        comment(con, alert, caller.principal.name, services.unix_ms(), said.text)
    return alert_file_document(_file(caller, services, alert))


def _moved(caller: Caller, services: Services, alert: int, step: Step, after: AlertState) -> AlertFileDocument:
    site = _file(caller, services, alert).line.site
    label = step.label if isinstance(step, Judgement) else None
    with services.people.audit.act(caller.principal, act_to(after), f"alert:{alert}", site) as con:
        now_ms = services.unix_ms()
        change_state(con, alert, step.expected, after, caller.principal.name, now_ms, step.text, label)
    return alert_file_document(_file(caller, services, alert))


def _file(caller: Caller, services: Services, alert: int) -> AlertFile:
    """An alert where the caller may do what the route does."""
    what = f"alert {alert}"
    try:
        with services.engine.connect() as con:
            file = alert_file(con, alert)
    except NoSuchAlert as err:
        raise not_found(what) from err
    caller.check_site(file.line.site, what)
    return file
