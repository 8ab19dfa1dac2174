"""Cases: alerts of one kind from one place that follow each other closely, as one row; and one of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from fleet_manager.desk.cases import MOST_AT_ONCE
from fleet_manager.pages.alert_item import alert_item
from fleet_manager.pages.choices import Choice, filter_field, site_choices
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.overview import device_href
from fleet_manager.pages.wording import headline, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from fleet_manager.desk.cases import CaseLine, CasePage
    from fleet_manager.desk.inbox import Page
    from fleet_manager.pages.alert_item import AlertItem
    from fleet_manager.pages.choices import FilterField

DAYS: Final = 30
"""How far the list looks back."""
ALL: Final = "all"
_SHOWN: Final = (Choice("", "open"), Choice(ALL, "all"))


@dataclass(frozen=True, slots=True)
class CaseItem:
    """One case. device: `site/device`. expects nothing: what it acknowledges is what is new by then."""

    id: int
    href: str
    headline: str
    severity: str
    device: str
    device_href: str
    point: str
    alerts: int
    parts: int
    first: datetime
    last: datetime
    is_open: bool
    may_acknowledge: bool


@dataclass(frozen=True, slots=True)
class CasesPage:
    """The list; `older` is where the next page is, empty where nothing is older."""

    filters: tuple[FilterField, ...]
    is_filtered: bool
    rows: tuple[CaseItem, ...]
    older: str
    none: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case and its alerts, newest first."""

    case: CaseItem
    rows: tuple[AlertItem, ...]
    older: str


def cases_page(
    query: Mapping[str, str], found: CasePage, known: Collection[str], acts_at: Callable[[str], bool]
) -> CasesPage:
    """The list for an address.

    Args:
        query: of the address.
        found: what was found.
        known: names of sites to offer.
        acts_at: whether the viewer may acknowledge at a site.
    """
    kept = {key: query[key] for key in ("show", "site") if query.get(key)}
    rows = tuple(case_item(one, may_acknowledge=acts_at(one.case.kind.site)) for one in found.lines)
    older = "" if found.older is None else "{}-{}".format(*found.older)
    filters = (
        filter_field("show", "show", _SHOWN, query, ""),
        filter_field("site", "site", site_choices(known), query, ""),
    )
    none = f"No case in the last {DAYS} days." if kept else "No case waits for you."
    return CasesPage(filters, bool(kept), rows, f"/cases?{urlencode({**kept, 'before': older})}" if older else "", none)


def case_view(line: CaseLine, found: Page, *, may_acknowledge: bool) -> CaseView:
    """One case with a page of its alerts."""
    item = case_item(line, may_acknowledge=may_acknowledge)
    rows = tuple(alert_item(one, may_acknowledge=False) for one in found.lines)
    return CaseView(item, rows, f"{item.href}?before={found.older}" if found.older else "")


def case_item(line: CaseLine, *, may_acknowledge: bool) -> CaseItem:
    """The row of a case."""
    case = line.case
    return CaseItem(
        case.id or 0,
        f"/cases/{case.id}",
        headline(case.kind.cause, case.kind.label),
        case.severity.value,
        case.kind.address.partition("/")[2],
        device_href(case.kind.address),
        case.kind.point,
        case.alerts,
        case.parts,
        moment_of(case.first_ms),
        moment_of(case.last_ms),
        line.is_open,
        may_acknowledge and line.is_open,
    )


def acknowledged_notice(told: str) -> Notice | None:
    """What an acknowledgement did, as the address tells it."""
    if not (told.isascii() and told.isdecimal() and len(told) <= len(str(MOST_AT_ONCE))):
        return None
    rest = ": there are more, press again" if int(told) == MOST_AT_ONCE else ""
    return Notice("done", f"{int(told):,} alerts acknowledged{rest}.")
