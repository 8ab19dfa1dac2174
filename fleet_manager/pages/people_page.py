"""People: who they are, what they may, and what the viewer may change of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from fleet_manager.pages.alert_item import StateView
from fleet_manager.pages.choices import Choice
from fleet_manager.people.delegation import may_manage
from fleet_manager.people.roles import EVERYWHERE, Grant, Permission, Role, may

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from fleet_manager.people.account_rows import Account
    from fleet_manager.people.principal import Principal


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One account; `grant_lines` are its roles as the form takes them, `has_identity`: a provider gives them."""

    name: str
    is_you: bool
    grants: str
    grant_lines: str
    state: StateView
    is_enabled: bool
    has_identity: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form for a new account."""

    name: str = ""
    role: str = "operator"
    site: str = EVERYWHERE


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
    accounts: Sequence[Account], viewer: Principal, known: Collection[str], draft: Draft, link: MadeLink | None
) -> PeoplePage:
    """The page for somebody who manages people, of those whom they manage; `known` are names of sites to offer."""
    mine = [site for site in (EVERYWHERE, *sorted(known)) if may(viewer.grants, Permission.MANAGE_PEOPLE, site)]
    return PeoplePage(
        tuple(_line(one, viewer) for one in accounts if may_manage(viewer.grants, one.grants)),
        tuple(Choice(role.word, role.word) for role in Role),
        tuple(Choice(site, "all sites" if site == EVERYWHERE else site) for site in mine),
        draft,
        link,
    )


def grants_of(lines: str) -> list[Grant]:
    """Roles as the form has them, one `role at site` per line.

    Raises:
        BadInputError: a line is none.
    """
    return [_grant(line) for line in lines.splitlines() if line.strip()]


def _grant(line: str) -> Grant:
    role, word, site = line.strip().partition(" at ")
    if not word:
        raise BadInputError(f"wanted a line such as 'operator at plant/hall', found {line[:80]!r}")
    site = site.strip()
    return Grant(EVERYWHERE if site == "all sites" else site, Role.from_word(role.strip()))


def _line(one: Account, viewer: Principal) -> PersonLine:
    words = [f"{grant.role.word} at {'all sites' if grant.site == EVERYWHERE else grant.site}" for grant in one.grants]
    return PersonLine(
        one.name,
        one.id == viewer.account,
        ", ".join(words) or "nothing",
        "\n".join(words),
        _state(one),
        one.is_enabled,
        one.has_identity,
    )


def _state(one: Account) -> StateView:
    if not one.is_enabled:
        return StateView("offline", "switched off")
    if one.has_identity:
        return StateView("online", "by single sign-on")
    return StateView("online", "active") if one.has_password else StateView("new", "invited")
