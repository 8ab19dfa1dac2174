"""The alert inbox: its filters, and the rows that they let through. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.desk.inbox import Filter
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.pages.alert_item import STATE_NAMES, alert_item
from fleet_manager.pages.choices import Choice, filter_field, site_choices, sites_wanted
from fleet_manager.pages.wording import CAUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from fleet_manager.desk.inbox import AlertLine, Page
    from fleet_manager.pages.alert_item import AlertItem
    from fleet_manager.pages.choices import FilterField

ANY: Final = "any"
_EXPORTED: Final = ("site", "device", "outcome")
_KEYS: Final = ("state", "severity", "outcome", "cause", "site", "device", "point")


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The page.

    stream: where new rows come from, empty where none can come that the filters let through.
    older: where the next page is, empty where nothing is older; older_name: the words for it.
    none: what stands there without a row. export: the same alerts as a file, empty
    for who may not take one.
    """

    filters: tuple[FilterField, ...]
    is_filtered: bool
    rows: tuple[AlertItem, ...]
    stream: str
    older: str
    older_name: str
    none: str
    export: str


def wanted(query: Mapping[str, str], sites: Collection[str]) -> Filter:
    """What the address asks for, as far as it may be seen.

    Raises:
        BadInputError: a value is none of its list.
    """
    try:
        return Filter(
            sites=sites_wanted(query.get("site", ""), sites),
            address=query.get("device") or None,
            point=query.get("point") or None,
            outcome=Outcome(query["outcome"]) if query.get("outcome") else None,
            cause=Cause(query["cause"]) if query.get("cause") else None,
            severity=Severity(query["severity"]) if query.get("severity") else None,
            state=_state(query),
        )
    except ValueError as err:
        raise BadInputError(f"wanted a filter of the list, found one that is not ({err}): choose again") from err


def belongs(line: AlertLine, one: Filter) -> bool:
    """Whether an alert that has just come belongs into the list of these filters."""
    return (
        (one.sites is None or line.site in one.sites)
        and one.address in {None, line.address}
        and one.point in {None, line.point}
        and one.outcome in {None, line.outcome}
        and one.cause in {None, line.cause}
        and one.severity in {None, line.severity}
        and one.state in {None, line.state}
    )


def inbox_page(
    query: Mapping[str, str],
    page: Page,
    newest: int,
    known: Collection[str],
    acts_at: Callable[[str], bool],
    *,
    may_export: bool,
) -> InboxPage:
    """The page for an address.

    Args:
        query: of the address.
        page: what was found.
        newest: number of the newest alert of all, read before `page` was.
        known: names of sites to offer.
        acts_at: whether the viewer may acknowledge at a site.
        may_export: whether they may take alerts home as a file.
    """
    kept = {key: query[key] for key in _KEYS if query.get(key)}
    is_first = "before" not in query
    return InboxPage(
        _filters(query, known),
        bool(kept),
        tuple(alert_item(line, may_acknowledge=acts_at(line.site)) for line in page.lines),
        f"/live/alerts?{urlencode({**kept, 'after': newest})}" if is_first and _may_come(query) else "",
        f"/alerts?{urlencode({**kept, 'before': page.older})}" if page.older else "",
        "Look further back" if page.is_cut else "Show older",
        _none(kept, page),
        _export(query) if may_export else "",
    )


def _export(query: Mapping[str, str]) -> str:
    """The same alerts as a file, as far as the interface filters them alike."""
    state = _state(query)
    asked = {key: query[key] for key in _EXPORTED if query.get(key)} | ({"state": state.value} if state else {})
    return f"/v1/exports/alerts.csv?{urlencode(asked)}"


def _none(kept: Mapping[str, str], page: Page) -> str:
    if page.is_cut:
        return "None among those that were looked at; there are older ones."
    return "No alert is like that." if kept else "Nothing waits for you."


def _may_come(query: Mapping[str, str]) -> bool:
    """Whether an alert that is stored from now on can be let through."""
    return _state(query) in {None, AlertState.NEW}


def _state(query: Mapping[str, str]) -> AlertState | None:
    """The state that is asked for, `new` where the address says nothing; None for any."""
    chosen = query.get("state") or AlertState.NEW.value
    return None if chosen == ANY else AlertState(chosen)


def _filters(query: Mapping[str, str], known: Collection[str]) -> tuple[FilterField, ...]:
    states = [Choice(state.value, name) for state, name in STATE_NAMES.items()] + [Choice(ANY, "any")]
    severities = [Choice("", "any"), *(Choice(one.value, one.value) for one in reversed(Severity))]
    outcomes = [Choice("", "any"), Choice(Outcome.DEFECT.value, "defect"), Choice(Outcome.UNKNOWN.value, "unknown")]
    causes = [Choice("", "any"), *(Choice(cause.value, name) for cause, name in CAUSES.items())]
    fields = [
        filter_field("state", "state", states, query, AlertState.NEW.value),
        filter_field("severity", "severity", severities, query, ""),
        filter_field("outcome", "verdict", outcomes, query, ""),
        filter_field("cause", "cause", causes, query, ""),
        filter_field("site", "site", site_choices(known), query, ""),
    ]
    fields += [filter_field(key, key, [Choice("", "any")], query, "") for key in ("device", "point") if query.get(key)]
    return tuple(fields)
