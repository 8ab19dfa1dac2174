"""Rules that call people, and their calls, for those who may change the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import LeptonError
from fleet_manager.desk.deliveries import PAGE
from fleet_manager.desk.escalation_rule import Webhook, new_secret
from fleet_manager.pages.calls_page import (
    CallsPage,
    MadeSecret,
    RuleForm,
    call_line,
    form_of,
    rule_line,
    severity_choices,
    target_of,
    terms_of,
)
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.page_number import page_number
from fleet_manager.pages.reception import told
from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit
    from fleet_manager.rule_keeping import RuleKeeping

_SECRET_BYTES: Final = 32


def call_routes(rules: RuleKeeping, reception: Reception, known_sites: Callable[[], list[str]]) -> list[Route]:
    """`/calls` with the steps of its rules."""
    desk = _CallDesk(rules, reception, known_sites)
    return [
        Route("/calls", reception.page(desk.show), methods=["GET"]),
        Route("/calls/rules", reception.act(desk.save), methods=["POST"]),
        Route("/calls/rules/remove", reception.act(desk.remove), methods=["POST"]),
        Route("/calls/rules/trial", reception.act(desk.try_out), methods=["POST"]),
    ]


class _CallDesk:
    def __init__(self, rules: RuleKeeping, reception: Reception, known_sites: Callable[[], list[str]]) -> None:
        self._rules, self._reception, self._known_sites = rules, reception, known_sites

    def show(self, visit: Visit) -> Response:
        return self._page(visit)

    def save(self, visit: Visit) -> Response:
        form = form_of(visit.form)
        try:
            target = target_of(form.whom, lambda: new_secret(os.urandom(_SECRET_BYTES)))
            is_new = "is_new" in visit.form
            self._rules.save(visit.principal, form.name, terms_of(form), target, is_new=is_new)
        except LeptonError as err:
            return self._refused(visit, err, form)
        if isinstance(target, Webhook):
            return self._page(visit, secret=MadeSecret(form.name, target.secret))
        return _again()

    def remove(self, visit: Visit) -> Response:
        return self._done(visit, self._rules.remove)

    def try_out(self, visit: Visit) -> Response:
        return self._done(visit, self._rules.try_out)

    def _done(self, visit: Visit, change: Callable[..., None]) -> Response:
        try:
            change(visit.principal, visit.form.get("name", ""))
        except LeptonError as err:
            return self._refused(visit, err, RuleForm())
        return _again()

    def _refused(self, visit: Visit, err: LeptonError, draft: RuleForm) -> Response:
        return self._page(visit, 403 if isinstance(err, NotAllowed) else 422, Notice("problem", told(err)), draft)

    def _page(
        self,
        visit: Visit,
        status: int = 200,
        notice: Notice | None = None,
        draft: RuleForm | None = None,
        secret: MadeSecret | None = None,
    ) -> Response:
        visit.require_anywhere(Permission.CHANGE_CONFIGURATION)
        rules = self._rules.rules(visit.principal)
        calls = self._rules.calls(visit.principal, page_number(visit.query.get("before", "")))
        page = CallsPage(
            tuple(rule_line(one, self._rules.problem(one.rule)) for one in rules),
            severity_choices(),
            tuple(one for one in self._known_sites() if visit.principal.may(Permission.CHANGE_CONFIGURATION, one)),
            draft or RuleForm(),
            secret,
            tuple(call_line(one) for one in calls),
            f"/calls?before={calls[-1].id}" if len(calls) == PAGE else "",
        )
        return self._reception.drawn(visit, "calls", status, here="calls", notice=notice, page=page)


def _again() -> Response:
    return RedirectResponse("/calls", 303, dict(PAGE_HEADERS))
