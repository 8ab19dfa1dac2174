"""The shifts of a site: when they begin, and what each made."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.statistics_span import From, To, checked_span
from fleet_manager.api.wire_values import Document, Name, SlugPath, Wish, moment
from fleet_manager.desk.production import Span, production
from fleet_manager.desk.shift_plans import save_shifts, shifts_of
from fleet_manager.desk.shifts import MOST_SHIFTS, Shift, ShiftPlan, by_shift, shift_spans
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from fleet_manager.desk.shifts import ShiftMade

Quarter = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):(00|15|30|45)$")]


class ShiftWish(Wish):
    """One shift; it begins by the wall clock of the place, and lasts until the next one begins."""

    name: Name
    begins: Quarter


class PlanWish(Wish):
    """The shifts of a day; `zone` is as in the IANA database: `Europe/Berlin`."""

    zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/_-]{1,64}$")]
    shifts: Annotated[list[ShiftWish], Field(min_length=1, max_length=MOST_SHIFTS)]


class ShiftMadeDocument(Document):
    """What one shift of one day made; `day` is the date on which it began, there."""

    name: str
    day: date
    begins: datetime
    ends: datetime
    good: int
    defect: int
    unknown: int


@needs(Permission.SEE_ALERTS)
def show_shifts(caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath) -> PlanWish:
    """The shifts of a site; whole days in UTC where nobody made a plan."""
    caller.check_site(f"{org}/{site}", f"the site {org}/{site}")
    with services.engine.connect() as con:
        return _document(shifts_of(con, f"{org}/{site}"))


@needs(Permission.CHANGE_CONFIGURATION)
def change_shifts(caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, wish: PlanWish) -> PlanWish:
    """Other shifts; what was counted stays as it is."""
    where = f"{org}/{site}"
    caller.check_site(where, f"the site {where}")
    plan = ShiftPlan(wish.zone, tuple(Shift(one.name, _time(one.begins)) for one in wish.shifts))
    with services.people.audit.act(caller.principal, "change shifts", f"site:{where}", where) as con:
        save_shifts(con, where, plan)
    return _document(plan)


@needs(Permission.SEE_ALERTS)
def show_shift_production(
    caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, since: From, until: To
) -> list[ShiftMadeDocument]:
    """What each shift made; shifts are told in their full length."""
    where = f"{org}/{site}"
    caller.check_site(where, f"the site {where}")
    from_ms, until_ms = checked_span(since, until)
    with services.engine.connect() as con:
        spans = shift_spans(shifts_of(con, where), from_ms, until_ms)
        whole = Span(spans[0].from_ms, spans[-1].until_ms, (where,)) if spans else Span(from_ms, until_ms, (where,))
        made = by_shift(production(con, whole, "quarter"), spans)
    return [_made(one) for one in made]


def shift_routes() -> APIRouter:
    """`/sites/{org}/{site}/shifts` and `…/production`."""
    routes = guarded_router("statistics")
    routes.get("/sites/{org}/{site}/shifts")(show_shifts)
    routes.put("/sites/{org}/{site}/shifts")(change_shifts)
    routes.get("/sites/{org}/{site}/shifts/production")(show_shift_production)
    return routes


def _time(text: str) -> time:
    return time.fromisoformat(text)


def _document(plan: ShiftPlan) -> PlanWish:
    shifts = [ShiftWish(name=one.name, begins=one.begins.isoformat("minutes")) for one in plan.shifts]
    return PlanWish(zone=plan.zone, shifts=shifts)


def _made(one: ShiftMade) -> ShiftMadeDocument:
    return ShiftMadeDocument(
        name=one.shift.name,
        day=one.shift.day,
        begins=moment(one.shift.from_ms),
        ends=moment(one.shift.until_ms),
        good=one.counts.good,
        defect=one.counts.defect,
        unknown=one.counts.unknown,
    )
