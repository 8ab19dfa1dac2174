"""Production told by time, place and model: good, defect, unknown, first-pass yield; and what went wrong most often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from edge_contracts.identifiers import Sha256, Slug
from edge_contracts.verdict import Outcome
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.statistics_span import From, To, checked_span
from fleet_manager.api.wire_values import AddressQuery, Document, SiteQuery, site_tuple
from fleet_manager.desk.production import By, ParetoBy, Span, pareto, production
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from fleet_manager.api.caller import Caller

Point = Annotated[Slug | None, Query(description="One inspection point.")]
Model = Annotated[Sha256 | None, Query(description="One bundle, by its SHA-256.")]


class MadeDocument(Document):
    """Parts of one group; `first_pass_yield` is the share of good ones, 0 to 1, null where there were none."""

    group: str
    good: int
    defect: int
    unknown: int
    first_pass_yield: float | None


class BarDocument(Document):
    """One bar of a Pareto chart.

    `alerts` is how many were stored, `parts` how many inspections they stand for; `share` is of all parts in the chart,
    `running` the same with all the bars before it.
    """

    name: str
    alerts: int
    parts: int
    share: float
    running: float


@needs(Permission.SEE_ALERTS)
def show_production(
    caller: CallerNow,
    services: ServicesNow,
    since: From,
    until: To,
    site: SiteQuery = None,
    device: AddressQuery = None,
    point: Point = None,
    model: Model = None,
    by: Annotated[By, Query(description="What a group is.")] = "site",
) -> list[MadeDocument]:
    """Good, defect and unknown parts per group."""
    span = _span(caller, since, until, site, device, point, model)
    with services.engine.connect() as con:
        found = production(con, span, by)
    return [
        MadeDocument(
            group=one.group,
            good=one.counts.good,
            defect=one.counts.defect,
            unknown=one.counts.unknown,
            first_pass_yield=one.first_pass_yield,
        )
        for one in found
    ]


@needs(Permission.SEE_ALERTS)
def show_pareto(
    caller: CallerNow,
    services: ServicesNow,
    since: From,
    until: To,
    site: SiteQuery = None,
    device: AddressQuery = None,
    point: Point = None,
    model: Model = None,
    by: Annotated[ParetoBy, Query(description="What a bar is.")] = "label",
    outcome: Annotated[Outcome | None, Query(description="`defect`, `unknown`; without it, both.")] = None,
    most: Annotated[int, Query(ge=1, le=100, description="At most so many bars.")] = 20,
) -> list[BarDocument]:
    """What went wrong most often, the largest first."""
    span = _span(caller, since, until, site, device, point, model)
    with services.engine.connect() as con:
        bars = pareto(con, span, by, None if outcome is None else outcome.value, most)
    return [
        BarDocument(name=bar.name, alerts=bar.alerts, parts=bar.parts, share=bar.share, running=bar.running)
        for bar in bars
    ]


def statistics_routes() -> APIRouter:
    """`/statistics/production` and `/statistics/pareto`."""
    routes = guarded_router("statistics")
    routes.get("/statistics/production")(show_production)
    routes.get("/statistics/pareto")(show_pareto)
    return routes


def _span(
    caller: Caller,
    since: datetime,
    until: datetime,
    site: str | None,
    device: str | None,
    point: str | None,
    model: str | None,
) -> Span:
    from_ms, until_ms = checked_span(since, until)
    return Span(from_ms, until_ms, site_tuple(caller.sites_of(site)), device, point, model)
