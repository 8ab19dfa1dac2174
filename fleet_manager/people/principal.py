"""Who asks: a person, a program with a token, or the manager itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import RefusedError
from fleet_manager.people.roles import EVERYWHERE, Grant, Role, may

if TYPE_CHECKING:
    from fleet_manager.people.roles import Permission


class Kind(str, Enum):
    """What kind of somebody it is."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a kind, no secret
    SYSTEM = "system"
    STRANGER = "stranger"


class NotAllowed(RefusedError, PermissionError):
    """They are known, and may not do this here."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose identity is proven, with what they may do at this moment.

    name: the account's name; for a token `account/` and its readable beginning.
    account: the account's number; None for the system.
    """

    kind: Kind
    name: str
    grants: tuple[Grant, ...]
    account: int | None = None

    def may(self, permission: Permission, site: str) -> bool:
        """Whether they may do it at `org/site`, or at `*`: everywhere."""
        return may(self.grants, permission, site)

    def require(self, permission: Permission, site: str) -> None:
        """Go on only where they may.

        Raises:
            NotAllowed: they may not.
        """
        if not self.may(permission, site):
            where = "every site" if site == EVERYWHERE else site
            raise NotAllowed(f"wanted the right to {permission.value} at {where}, found none: ask an admin for it")


SYSTEM: Final = Principal(Kind.SYSTEM, "system", (Grant(EVERYWHERE, Role.ADMIN),))
"""The manager itself: set-up, timers, and whoever has its machine."""

STRANGER: Final = Principal(Kind.STRANGER, "somebody", ())
"""Whoever tried to come in and has proven nothing."""
