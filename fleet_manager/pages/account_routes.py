"""One's own account: who one is here, and another password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import BadInputError, LeptonError
from fleet_manager.pages.browser_cookie import client_address, keep
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.reception import told
from fleet_manager.people.gate import LogInRefused, TooManyAttempts
from fleet_manager.people.password_rules import RULE
from fleet_manager.people.passwords import TooBusy

if TYPE_CHECKING:
    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit
    from fleet_manager.people.assembly import People

ACCOUNT: Final = "/account"
_WRONG: Final = "This is not your password of now."
_TWO: Final = "The new password was typed in two ways: type it twice again."
_CHANGED: Final = "Your password is changed; your other sessions have ended."


def account_routes(people: People, reception: Reception) -> list[Route]:
    """`/account`."""
    own = _OwnAccount(people, reception)
    return [
        Route(ACCOUNT, reception.page(own.show), methods=["GET"]),
        Route(f"{ACCOUNT}/password", reception.act(own.change_password), methods=["POST"]),
    ]


class _OwnAccount:
    def __init__(self, people: People, reception: Reception) -> None:
        self._people, self._reception = people, reception

    def show(self, visit: Visit) -> Response:
        return self._page(visit, 200, Notice("done", _CHANGED) if "changed" in visit.query else None)

    def change_password(self, visit: Visit) -> Response:
        old, new = visit.form.get("old", ""), visit.form.get("password", "")
        if new != visit.form.get("again"):
            return self._page(visit, 422, Notice("problem", _TWO))
        try:
            secret = self._people.gate.change_password(visit.secret, old, new, client_address(visit.request))
        except LogInRefused:
            return self._page(visit, 422, Notice("problem", _WRONG))
        except (BadInputError, TooManyAttempts, TooBusy) as err:
            return self._page(visit, _status(err), Notice("problem", told(err)))
        answer = RedirectResponse(f"{ACCOUNT}?changed", 303, dict(PAGE_HEADERS))
        return keep(answer, visit.request, secret)

    def _page(self, visit: Visit, status: int, notice: Notice | None) -> Response:
        account = self._people.accounts.of(visit.principal.name)
        values = {"rule": RULE, "has_identity": account.has_identity}
        return self._reception.drawn(visit, "account", status, here="account", notice=notice, **values)


def _status(err: LeptonError) -> int:
    if isinstance(err, TooManyAttempts):
        return 429
    return 503 if isinstance(err, TooBusy) else 422
