"""API tokens: one's own, and for admins those of the accounts that they manage. A token is shown once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.grant_documents import GrantDocument, grant_documents, grants_of
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Document, RowNumber, Wish, moment
from fleet_manager.people.roles import Permission
from fleet_manager.people.token_sight import visible_tokens
from fleet_manager.people.tokens import LABEL_CHARACTERS, LONGEST_DAYS, ApiToken


class TokenWish(Wish):
    """A new token: what it is for, what it may do (at most what you may), and for how many days."""

    label: Annotated[str, Field(min_length=1, max_length=LABEL_CHARACTERS)]
    grants: Annotated[list[GrantDocument], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)]


class TokenDocument(Document):
    """A token as it can be seen later; `prefix` is how it begins."""

    id: int
    prefix: str
    label: str
    owner: str
    grants: list[GrantDocument]
    made: datetime
    ends: datetime
    used: datetime | None


class NewToken(TokenDocument):
    """A token that was just made; `secret` is shown now and never again."""

    secret: str


@needs(Permission.SEE_ALERTS)
def list_tokens(caller: CallerNow, services: ServicesNow) -> list[TokenDocument]:
    """The caller's tokens, and those of accounts that they manage; also those that have ended."""
    return [TokenDocument(**_fields(one)) for one in visible_tokens(services.people, caller.principal)]


@needs(Permission.SEE_ALERTS)
def make_token(caller: CallerNow, services: ServicesNow, wish: TokenWish) -> NewToken:
    """A new token of the caller, who is a person: no token makes another."""
    secret, made = services.people.tokens.make(caller.principal, wish.label, grants_of(wish.grants), wish.days)
    return NewToken(**_fields(made), secret=secret)


@needs(Permission.SEE_ALERTS)
def revoke_token(caller: CallerNow, services: ServicesNow, token: RowNumber) -> None:
    """End a token now."""
    if all(one.id != token for one in visible_tokens(services.people, caller.principal)):
        raise not_found(f"token {token}")
    services.people.tokens.revoke(caller.principal, token)


def token_routes() -> APIRouter:
    """`/tokens`."""
    routes = guarded_router("tokens")
    routes.get("/tokens")(list_tokens)
    routes.post("/tokens", status_code=201)(make_token)
    routes.delete("/tokens/{token}", status_code=204)(revoke_token)
    return routes


def _fields(one: ApiToken) -> dict[str, object]:
    return {
        "id": one.id,
        "prefix": one.prefix,
        "label": one.label,
        "owner": one.owner,
        "grants": grant_documents(one.grants),
        "made": moment(one.made_ms),
        "ends": moment(one.ends_ms),
        "used": None if one.used_ms is None else moment(one.used_ms),
    }
