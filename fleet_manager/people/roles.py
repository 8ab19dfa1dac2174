"""What each role may do, and where: one table and one question. Pure.

A grant is a role at one site, or at all of them. What a role may do, every higher role may do as well, because the
table names only the lowest role of each permission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVERYWHERE: Final = "*"
_SITE: Final = re.compile(r"[a-z0-9-]{1,32}/[a-z0-9-]{1,32}")


class Role(IntEnum):
    """A person's or token's rank at a site; a higher one may do all that a lower one may.

    `DEVICE` is for the token of a station: it brings evidence and sees nothing.
    """

    DEVICE = 0
    VIEWER = 1
    OPERATOR = 2
    ENGINEER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The name as people and databases write it: `viewer`."""
        return self.name.lower()

    @staticmethod
    def from_word(word: str) -> Role:
        """The role of a name.

        Raises:
            BadInputError: there is no such role.
        """
        for role in Role:
            if role.word == word:
                return role
        known = ", ".join(role.word for role in Role)
        raise BadInputError(f"wanted a role, found {word[:40]!r}: it is one of {known}")


class Permission(str, Enum):
    """Something that a person may be allowed to do at a site."""

    SEND_EVIDENCE = "send evidence"
    SEE_ALERTS = "see alerts"
    ACKNOWLEDGE = "acknowledge"
    COMMENT = "comment"
    LABEL = "label"
    EXPORT = "export"
    SEND_COMMANDS = "send commands"
    CHANGE_CONFIGURATION = "change configuration"
    MANAGE_PEOPLE = "manage people"
    SEE_AUDIT = "see audit"


LOWEST_ROLE: Final[Mapping[Permission, Role]] = MappingProxyType(
    {
        Permission.SEND_EVIDENCE: Role.DEVICE,
        Permission.SEE_ALERTS: Role.VIEWER,
        Permission.ACKNOWLEDGE: Role.OPERATOR,
        Permission.COMMENT: Role.OPERATOR,
        Permission.LABEL: Role.OPERATOR,
        Permission.EXPORT: Role.OPERATOR,
        Permission.SEND_COMMANDS: Role.ENGINEER,
        Permission.CHANGE_CONFIGURATION: Role.ENGINEER,
        Permission.MANAGE_PEOPLE: Role.ADMIN,
        Permission.SEE_AUDIT: Role.ADMIN,
    }
)
"""The lowest role that has each permission."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role at a site.

    site: `org/site` as in the topics, or `*` for every site.

    Raises:
        BadInputError: the site is neither.
    """

    site: str
    role: Role

    def __post_init__(self) -> None:
        check_site(self.site)


def check_site(site: str) -> None:
    """Refuse what is neither `org/site` nor `*`.

    Raises:
        BadInputError: it is not.
    """
    if site != EVERYWHERE and not _SITE.fullmatch(site):
        raise BadInputError(f"wanted a site as org/site, or * for all, found {site[:80]!r}: use a-z, 0-9 and '-'")


def only_site(sites: Iterable[str]) -> str:
    """The site of what concerns it alone; `*` where there are several, or none."""
    found = set(sites)
    return found.pop() if len(found) == 1 else EVERYWHERE


def site_of(*grants: Grant) -> str:
    """The one site where all of these grants are; `*` where there is none."""
    return only_site(grant.site for grant in grants)


def may(grants: Iterable[Grant], permission: Permission, site: str) -> bool:
    """Whether somebody with these grants may do it at this site; `*` asks for all sites, now and later."""
    lowest = LOWEST_ROLE[permission]
    return any(grant.role >= lowest and grant.site in {EVERYWHERE, site} for grant in grants)


def permitted_sites(grants: Iterable[Grant], permission: Permission) -> frozenset[str]:
    """The sites where they may do it, to filter a list by: `{"*"}` alone means every site, empty means none."""
    lowest = LOWEST_ROLE[permission]
    sites = frozenset(grant.site for grant in grants if grant.role >= lowest)
    return frozenset({EVERYWHERE}) if EVERYWHERE in sites else sites
