"""People: who they are, what they may, and what the viewer may change of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from fleet_manager.pages.alert_item import StateView
from fleet_manager.pages.choices import Choice
from fleet_manager.people.delegation import may_manage
from fleet_manager.people.roles import EVERYWHERE, Grant, Permission, Role, may

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fleet_manager.people.account_rows import Account
    from fleet_manager.people.principal import Principal

ALL_SITES: Final = "all sites"


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role at a site, as a form has it; both empty for none."""

    role: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Regrant:
    """What stands in the form for the roles of an account, after it was refused."""

    name: str
    rows: tuple[GrantRow, ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One account.

    rows: its roles as the form has them, an empty one last. unknown: sites of its roles where no device is known.
    is_open: the form stands open, with what was refused. has_identity: a provider gives the roles.
    """

    name: str
    is_you: bool
    grants: str
    rows: tuple[GrantRow, ...]
    unknown: tuple[str, ...]
    is_open: bool
    state: StateView
    is_enabled: bool
    has_identity: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form for a new account."""

    name: str = ""
    role: str = Role.OPERATOR.word
    site: str = ""


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was just made: for whom, and its address; shown once."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The page."""

    people: tuple[PersonLine, ...]
    roles: tuple[Choice, ...]
    sites: tuple[Choice, ...]
    draft: Draft
    link: MadeLink | None


def people_page(
    accounts: Sequence[Account],
    viewer: Principal,
    known: Collection[str],
    draft: Draft,
    link: MadeLink | None,
    refused: Regrant | None = None,
) -> PeoplePage:
    """The page for somebody who manages people, of those whom they manage.

    Args:
        accounts: everybody.
        viewer: who looks.
        known: names of sites to offer.
        draft: what the form of an invitation holds.
        link: what was just made.
        refused: what the form of an account's roles held.
    """
    mine = [site for site in (EVERYWHERE, *sorted(known)) if may(viewer.grants, Permission.MANAGE_PEOPLE, site)]
    return PeoplePage(
        tuple(_line(one, viewer, known, refused) for one in accounts if may_manage(viewer.grants, one.grants)),
        tuple(Choice(role.word, role.word) for role in Role if role is not Role.DEVICE),
        tuple(Choice(site, _words(site)) for site in mine),
        draft,
        link,
    )


def grant_rows(sent: Mapping[str, str]) -> tuple[GrantRow, ...]:
    """The rows of a form, `role-0` and `site-0` the first; one without a role is none."""
    numbers = range(sum(name.startswith("role-") for name in sent))
    rows = (GrantRow(sent.get(f"role-{at}", "").strip(), sent.get(f"site-{at}", "").strip()) for at in numbers)
    return tuple(row for row in rows if row.role)


def grants_of(rows: Iterable[GrantRow]) -> list[Grant]:
    """The roles of a form.

    Raises:
        BadInputError: one is none, or there is none.
    """
    found = [Grant(EVERYWHERE if row.site == ALL_SITES else row.site, Role.from_word(row.role)) for row in rows]
    if not found:
        raise BadInputError("wanted a role, found none: choose one, or switch the account off")
    return found


def _line(one: Account, viewer: Principal, known: Collection[str], refused: Regrant | None) -> PersonLine:
    rows = tuple(GrantRow(grant.role.word, _words(grant.site)) for grant in one.grants)
    is_open = refused is not None and refused.name == one.name
    sites = {grant.site for grant in one.grants} - {EVERYWHERE, *known}
    return PersonLine(
        one.name,
        one.id == viewer.account,
        ", ".join(f"{row.role} at {row.site}" for row in rows) or "nothing",
        (*(refused.rows if refused and is_open else rows), GrantRow()),
        tuple(sorted(sites)),
        is_open,
        _state(one),
        one.is_enabled,
        one.has_identity,
    )


def _words(site: str) -> str:
    return ALL_SITES if site == EVERYWHERE else site


def _state(one: Account) -> StateView:
    if not one.is_enabled:
        return StateView("offline", "switched off")
    if one.has_identity:
        return StateView("online", "by single sign-on")
    return StateView("online", "active") if one.has_password else StateView("new", "invited")
