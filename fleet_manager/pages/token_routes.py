"""API tokens: made by a person for their programs, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import LeptonError
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.page_number import page_number
from fleet_manager.pages.reception import NotThere, told
from fleet_manager.pages.tokens_page import MadeToken, TokenDraft, draft_days, draft_grant, tokens_page
from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.token_sight import visible_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit
    from fleet_manager.people.assembly import People


def token_routes(
    people: People, reception: Reception, known_sites: Callable[[], list[str]], unix_ms: Callable[[], int]
) -> list[Route]:
    """`/tokens`."""
    desk = _TokenDesk(people, reception, known_sites, unix_ms)
    return [
        Route("/tokens", reception.page(desk.show), methods=["GET"]),
        Route("/tokens", reception.act(desk.make), methods=["POST"]),
        Route("/tokens/{token:int}/revoke", reception.act(desk.revoke), methods=["POST"]),
    ]


class _TokenDesk:
    def __init__(
        self, people: People, reception: Reception, known_sites: Callable[[], list[str]], unix_ms: Callable[[], int]
    ) -> None:
        self._people, self._reception = people, reception
        self._known_sites, self._unix_ms = known_sites, unix_ms

    def show(self, visit: Visit) -> Response:
        return self._page(visit)

    def make(self, visit: Visit) -> Response:
        sent = visit.form
        draft = TokenDraft(*(sent.get(word, "").strip() for word in ("label", "role", "site", "days")))
        try:
            grant = draft_grant(draft, visit.principal)
            secret, made = self._people.tokens.make(visit.principal, draft.label, [grant], draft_days(draft))
        except LeptonError as err:
            status = 403 if isinstance(err, NotAllowed) else 422
            return self._page(visit, status, Notice("problem", told(err)), draft)
        return self._page(visit, made=MadeToken(made.label, secret))

    def revoke(self, visit: Visit) -> Response:
        token = page_number(str(visit.request.path_params["token"]))
        if token is None or all(one.id != token for one in visible_tokens(self._people, visit.principal)):
            raise NotThere(f"wanted the token {token}, found none that you may see: look at the list of tokens")
        self._people.tokens.revoke(visit.principal, token)
        return RedirectResponse("/tokens", 303, dict(PAGE_HEADERS))

    def _page(
        self,
        visit: Visit,
        status: int = 200,
        notice: Notice | None = None,
        draft: TokenDraft | None = None,
        made: MadeToken | None = None,
    ) -> Response:
        tokens = visible_tokens(self._people, visit.principal)
        known = self._known_sites()
        page = tokens_page(tokens, visit.principal, known, draft or TokenDraft(), made, self._unix_ms())
        return self._reception.drawn(visit, "tokens", status, here="tokens", notice=notice, page=page)
