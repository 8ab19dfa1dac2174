"""Statistics: the address says of which time and site, and by what; figures are sums over quarters of an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from starlette.routing import Route

from fleet_manager.desk.production import Span, pareto, production
from fleet_manager.desk.running_counts import QUARTER_MS, Counts
from fleet_manager.desk.shift_plans import shifts_of
from fleet_manager.desk.shifts import by_shift, shift_spans
from fleet_manager.pages.charts import column_chart
from fleet_manager.pages.choices import Choice, filter_field, site_choices, sites_wanted
from fleet_manager.pages.statistics_page import StatisticsPage, group_table, paretos, tiles, together
from fleet_manager.pages.wording import moment_of
from fleet_manager.people.roles import Permission, permitted_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection, Engine
    from starlette.responses import Response

    from fleet_manager.desk.production import By, Made
    from fleet_manager.pages.choices import FilterField
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time to look at.

    quarters: its length in quarters of an hour; per_column: those of one column, and in words. format: of a name.
    """

    name: str
    quarters: int
    per_column: int
    words: str
    format: str


STRETCHES: Final = {
    "8h": Stretch("last 8 hours", 32, 2, "per half-hour", "%H:%M"),
    "24h": Stretch("last 24 hours", 96, 4, "per hour", "%H:%M"),
    "7d": Stretch("last 7 days", 672, 32, "per 8 hours", "%d %b %H:%M"),
    "30d": Stretch("last 30 days", 2880, 96, "per day", "%d %b"),
}
_FIRST: Final = "24h"
_GROUPS: Final = {"address": "device", "shift": "shift", "site": "site", "point": "inspection point", "model": "model"}


def statistics_routes(
    engine: Engine, reception: Reception, unix_ms: Callable[[], int], known_sites: Callable[[], list[str]]
) -> list[Route]:
    """`/statistics`."""

    def statistics(visit: Visit) -> Response:
        visit.require_anywhere(Permission.SEE_ALERTS)
        known = [site for site in known_sites() if visit.viewer.sees(site)]
        with engine.connect() as con:
            page = read_statistics(con, visit.query, visit.viewer.sites, known, unix_ms())
        may_export = bool(permitted_sites(visit.principal.grants, Permission.EXPORT))
        return reception.drawn(visit, "statistics", here="statistics", page=page, may_export=may_export)

    return [Route("/statistics", reception.page(statistics))]


def read_statistics(
    con: Connection, query: Mapping[str, str], sites: Collection[str], known: Collection[str], now_ms: int
) -> StatisticsPage:
    """The page for an address.

    Args:
        con: a connection that reads.
        query: of the address.
        sites: those that the viewer may see.
        known: names of sites to offer.
        now_ms: wall clock.
    """
    stretch = STRETCHES.get(query.get("time", _FIRST), STRETCHES[_FIRST])
    span = _span(stretch, sites_wanted(query.get("site", ""), sites), now_ms)
    by = query.get("by", "address") if query.get("by") in _GROUPS else "address"
    quarters = production(con, span, "quarter")
    groups = _shifts(con, query, span, quarters) if by == "shift" else _groups(production(con, span, cast("By", by)))
    return StatisticsPage(
        _filters(query, known),
        tiles(together(quarters)),
        column_chart(stretch.words, _columns(stretch, span, quarters)),
        paretos(pareto(con, span, "label", "defect", 10), pareto(con, span, "cause", "unknown", 10)),
        group_table(f"By {_GROUPS[by]}", _GROUPS[by], groups),
    )


def _groups(made: Sequence[Made]) -> list[tuple[str, Counts]]:
    return [(one.group or "not known", one.counts) for one in made]


def _shifts(
    con: Connection, query: Mapping[str, str], span: Span, quarters: Sequence[Made]
) -> list[tuple[str, Counts]]:
    """Each shift, the newest first, by the plan of the site that is asked for."""
    plan = shifts_of(con, query.get("site", ""))
    made = by_shift(quarters, shift_spans(plan, span.from_ms, span.until_ms))
    return [(f"{one.shift.day:%d %b} {one.shift.name}", one.counts) for one in reversed(made)]


def _span(stretch: Stretch, sites: tuple[str, ...] | None, now_ms: int) -> Span:
    """From a whole column on, until now."""
    column_ms = stretch.per_column * QUARTER_MS
    until_ms = (now_ms // QUARTER_MS + 1) * QUARTER_MS
    from_ms = -(-(until_ms - stretch.quarters * QUARTER_MS) // column_ms) * column_ms
    return Span(from_ms, until_ms, sites)


def _columns(stretch: Stretch, span: Span, made: Sequence[Made]) -> list[tuple[str, Counts]]:
    column_ms = stretch.per_column * QUARTER_MS
    sums = dict.fromkeys(range(span.from_ms, span.until_ms, column_ms), Counts())
    for one in made:
        sums[int(one.group) // column_ms * column_ms] += one.counts
    return [(f"{moment_of(begin):{stretch.format}}", counts) for begin, counts in sums.items()]


def _filters(query: Mapping[str, str], known: Collection[str]) -> tuple[FilterField, ...]:
    times = [Choice(key, one.name) for key, one in STRETCHES.items()]
    groups = [Choice(key, f"by {name}") for key, name in _GROUPS.items()]
    return (
        filter_field("time", "time", times, query, _FIRST),
        filter_field("site", "site", site_choices(known), query, ""),
        filter_field("by", "table", groups, query, "address"),
    )
