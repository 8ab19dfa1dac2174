"""People: who there is, with which roles; new ones, links to choose a password, and switching off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.grant_documents import GrantDocument, grant_documents, grants_of
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Document, Wish
from fleet_manager.people.delegation import may_manage
from fleet_manager.people.principal import Kind
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller
    from fleet_manager.people.account_rows import Account

AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")]
NamePath = Annotated[AccountName, Path()]
Grants = Annotated[list[GrantDocument], Field(max_length=100)]


class PersonWish(Wish):
    """A new account; its person chooses a password by the link that the answer carries."""

    name: AccountName
    grants: Grants


class GrantsWish(Wish):
    """The roles that an account shall have instead of its own."""

    grants: Grants


class SwitchWish(Wish):
    """Whether an account is let in."""

    is_enabled: bool


class Person(Document):
    """An account; with `has_identity` an identity provider gives its roles, and it has no password here."""

    name: str
    is_enabled: bool
    has_password: bool
    has_identity: bool
    grants: list[GrantDocument]


class PasswordLink(Document):
    """`secret` is the end of a one-time link, shown now and never again; it is good for 24 h."""

    name: str
    secret: str


class Me(Document):
    """Who asks, as far as the manager knows: a person, or a token of theirs."""

    kind: Kind
    name: str
    grants: list[GrantDocument]


@needs(Permission.SEE_ALERTS)
def show_me(caller: CallerNow) -> Me:
    """Who the caller is, and what they may do."""
    who = caller.principal
    return Me(kind=who.kind, name=who.name, grants=grant_documents(who.grants))


@needs(Permission.MANAGE_PEOPLE)
def list_people(caller: CallerNow, services: ServicesNow) -> list[Person]:
    """The accounts that the caller manages."""
    return [_person(one) for one in services.people.accounts.everybody() if _manages(caller, one)]


@needs(Permission.MANAGE_PEOPLE)
def show_person(caller: CallerNow, services: ServicesNow, name: NamePath) -> Person:
    """One account."""
    return _person(_account(caller, services, name))


def people_routes() -> APIRouter:
    """`/people` and `/me`."""
    routes = guarded_router("people")
    routes.get("/me")(show_me)
    routes.get("/people")(list_people)
    routes.get("/people/{name}")(show_person)
    routes.post("/people", status_code=201)(make_person)
    routes.post("/people/{name}/password-link", status_code=201)(invite)
    routes.put("/people/{name}/grants")(regrant)
    routes.put("/people/{name}/enabled")(switch)
    return routes


@needs(Permission.MANAGE_PEOPLE)
def make_person(caller: CallerNow, services: ServicesNow, wish: PersonWish) -> Person:
    """A new account without a password."""
    return _person(services.people.accounts.make(caller.principal, wish.name, grants_of(wish.grants)))


@needs(Permission.MANAGE_PEOPLE)
def invite(caller: CallerNow, services: ServicesNow, name: NamePath) -> PasswordLink:
    """A link by which the person chooses a new password; a former one is over."""
    _account(caller, services, name)
    return PasswordLink(name=name, secret=services.people.links.invite(caller.principal, name))


@needs(Permission.MANAGE_PEOPLE)
def regrant(caller: CallerNow, services: ServicesNow, name: NamePath, wish: GrantsWish) -> Person:
    """Other roles; the account's sessions end."""
    _account(caller, services, name)
    return _person(services.people.accounts.regrant(caller.principal, name, grants_of(wish.grants)))


@needs(Permission.MANAGE_PEOPLE)
def switch(caller: CallerNow, services: ServicesNow, name: NamePath, wish: SwitchWish) -> Person:
    """Let an account in, or keep it out; its sessions end, its tokens sleep."""
    _account(caller, services, name)
    return _person(services.people.accounts.switch(caller.principal, name, is_enabled=wish.is_enabled))


def _account(caller: Caller, services: Services, name: str) -> Account:
    """An account that the caller manages; one that they do not is not there."""
    found = [one for one in services.people.accounts.everybody() if one.name == name and _manages(caller, one)]
    if not found:
        raise not_found(f"the account {name}")
    return found[0]


def _manages(caller: Caller, account: Account) -> bool:
    return may_manage(caller.principal.grants, account.grants)


def _person(one: Account) -> Person:
    grants = grant_documents(one.grants)
    return Person(
        name=one.name,
        is_enabled=one.is_enabled,
        has_password=one.has_password,
        has_identity=one.has_identity,
        grants=grants,
    )
