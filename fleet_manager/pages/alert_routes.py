"""The alert inbox, one alert, and what people do to it; a step and its entry in the audit log are one transaction."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import BadInputError
from fleet_manager.desk.handling import alert_file, change_state, comment
from fleet_manager.desk.inbox import inbox
from fleet_manager.desk.life_cycle import JUDGED, AlertState, act_to
from fleet_manager.evidence.evidence_store import EvidenceAway
from fleet_manager.pages.alert_item import alert_item
from fleet_manager.pages.alert_page import Rights, alert_page
from fleet_manager.pages.alert_reading import brings_evidence, kept_label, newest_number
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.inbox_page import inbox_page, wanted
from fleet_manager.people.roles import EVERYWHERE, Permission, permitted_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response

    from edge_contracts.alert import Evidence
    from fleet_manager.desk.handling import AlertFile
    from fleet_manager.pages.page_parts import PageParts
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit

_log = logging.getLogger(__name__)
_LARGEST: Final = 2**53 - 1


def alert_routes(parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> list[Route]:
    """`/alerts` and `/alerts/{number}`, with its steps."""
    desk = _AlertDesk(parts, reception, known_sites)
    return [
        Route("/alerts", reception.page(desk.inbox)),
        Route("/alerts/{number}", reception.page(desk.alert)),
        Route("/alerts/{number}/state", reception.act(desk.change), methods=["POST"]),
        Route("/alerts/{number}/comment", reception.act(desk.comment), methods=["POST"]),
    ]


class _AlertDesk:
    def __init__(self, parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> None:
        self._parts, self._reception, self._known_sites = parts, reception, known_sites

    def inbox(self, visit: Visit) -> Response:
        visit.require_anywhere(Permission.SEE_ALERTS)
        sites = visit.viewer.sites
        before = _number(visit.query["before"]) if "before" in visit.query else None
        newest = newest_number(self._parts.engine)
        with self._parts.engine.connect() as con:
            found = inbox(con, wanted(visit.query, sites), before)
        known = [site for site in self._known_sites() if visit.viewer.sees(site)]
        may_export = bool(permitted_sites(visit.principal.grants, Permission.EXPORT))
        page = inbox_page(visit.query, found, newest, known, self._acts_at(visit), may_export=may_export)
        return self._reception.drawn(visit, "alerts", here="alerts", page=page)

    @staticmethod
    def _acts_at(visit: Visit) -> Callable[[str], bool]:
        return lambda site: visit.principal.may(Permission.ACKNOWLEDGE, site)

    def alert(self, visit: Visit) -> Response:
        file = self._file(visit)
        site = file.line.site
        rights = Rights(*(visit.principal.may(one, site) for one in _RIGHTS))
        here = self._here(site, file.line.evidence)
        with self._parts.engine.connect() as con:
            kept = kept_label(con, file.line.id)
            uploads = brings_evidence(con, file.line.address)
        page = alert_page(file, here, rights, kept, uploads=uploads)
        return self._reception.drawn(visit, "alert", here="alerts", page=page)

    def _here(self, site: str, pieces: Sequence[Evidence]) -> frozenset[str] | None:
        """The digests of the evidence that has come; None where what keeps it does not answer."""
        store = self._parts.evidence
        if store is None:
            return frozenset()
        try:
            looks = [(one.sha256, store.look(site, one.sha256)) for one in pieces]
        except EvidenceAway as err:
            _log.warning("an alert is shown without its evidence: %s", err)
            return None
        return frozenset(sha256 for sha256, found in looks if found is not None and found.is_whole)

    def change(self, visit: Visit) -> Response:
        line, form = self._file(visit).line, visit.form
        expected, after = _state(form.get("expected", "")), _state(form.get("after", ""))
        label = form.get("label", "").strip() or None
        with self._parts.people.audit.act(visit.principal, act_to(after), f"alert:{line.id}", line.site) as con:
            visit.principal.require(Permission.LABEL if after in JUDGED else Permission.ACKNOWLEDGE, line.site)
            now_ms, text = self._parts.unix_ms(), form.get("text", "").strip()
            label = label if after in JUDGED else None
            change_state(con, line.id, expected, after, visit.principal.name, now_ms, text, label)
        if visit.is_piece and form.get("back") == "list":
            row = alert_item(self._file(visit).line, may_acknowledge=True)
            return HTMLResponse(self._reception.drawing.piece("alert_row", "row", row), 200, dict(PAGE_HEADERS))
        return _to("/alerts" if form.get("back") == "list" else f"/alerts/{line.id}")

    def comment(self, visit: Visit) -> Response:
        line = self._file(visit).line
        with self._parts.people.audit.act(visit.principal, "comment", f"alert:{line.id}", line.site) as con:
            visit.principal.require(Permission.COMMENT, line.site)
            comment(con, line.id, visit.principal.name, self._parts.unix_ms(), visit.form.get("text", ""))
        return _to(f"/alerts/{line.id}")

    def _file(self, visit: Visit) -> AlertFile:
        seen = visit.viewer.sites
        sites = None if EVERYWHERE in seen else tuple(sorted(seen))
        with self._parts.engine.connect() as con:
            return alert_file(con, _number(visit.request.path_params["number"]), sites)


_RIGHTS: Final = (Permission.ACKNOWLEDGE, Permission.LABEL, Permission.COMMENT)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) <= len(str(_LARGEST)):
        raise BadInputError(f"wanted the number of an alert, found {text[:40]!r}: look in the inbox")
    return min(int(text), _LARGEST)


def _state(word: str) -> AlertState:
    try:
        return AlertState(word)
    except ValueError as err:
        raise BadInputError(f"wanted a state of an alert, found {word[:40]!r}: load the page again") from err


def _to(href: str) -> Response:
    return RedirectResponse(href, 303, dict(PAGE_HEADERS))
