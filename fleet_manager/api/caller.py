"""Who asks, with the one permission that the route wants of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import Request

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import NOT_ALLOWED, NOT_FOUND
from fleet_manager.people.roles import EVERYWHERE, Permission, permitted_sites

if TYPE_CHECKING:
    from fleet_manager.people.principal import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has the route's permission at one site at least.

    sites: where they have it; `{"*"}` alone is every site.
    """

    principal: Principal
    permission: Permission
    sites: frozenset[str]

    def check_site(self, site: str, what: str) -> None:
        """Go on only where they may.

        Args:
            site: `org/site`.
            what: what was asked for, in words.

        Raises:
            Problem: not found where they may not even see the site, not allowed where they may.
        """
        if self.principal.may(self.permission, site):
            return
        if not self.principal.may(Permission.SEE_ALERTS, site):
            raise not_found(what)
        wanted = f"wanted the right to {self.permission.value} at {site}"
        raise Problem(NOT_ALLOWED, f"{wanted}, found that {self.principal.name} has it not: ask an admin")

    def check_everywhere(self) -> None:
        """Go on only where they may at every site.

        Raises:
            Problem: they may at some alone.
        """
        if not is_everywhere(self.sites):
            wanted = f"wanted the right to {self.permission.value} at every site"
            raise Problem(
                NOT_ALLOWED, f"{wanted}, found that {self.principal.name} has it at some: ask an admin of all"
            )

    def sites_of(self, site: str | None) -> frozenset[str]:
        """The sites to list from: all that they may see, or the one that was asked for.

        Raises:
            Problem: that one is not for them.
        """
        if site is None:
            return self.sites
        self.check_site(site, f"the site {site}")
        return frozenset({site})


def not_found(what: str) -> Problem:
    """The answer for what is not there, or not for the caller."""
    return Problem(NOT_FOUND, f"wanted {what}, found none: look at the list, or ask an admin for the right to see it")


def is_everywhere(sites: frozenset[str]) -> bool:
    """Whether these are all sites, now and later."""
    return EVERYWHERE in sites


def caller_for(principal: Principal, permission: Permission) -> Caller:
    """The caller, if they have the permission anywhere.

    Raises:
        Problem: they have it nowhere.
    """
    sites = permitted_sites(principal.grants, permission)
    if not sites:
        wanted = f"wanted the right to {permission.value}"
        raise Problem(NOT_ALLOWED, f"{wanted}, found that {principal.name} has it nowhere: ask an admin")
    return Caller(principal, permission, sites)


async def _caller(request: Request) -> Caller:
    found = request.state.caller
    if not isinstance(found, Caller):
        raise TypeError("wanted a route that declares what it needs")
    return found


CallerNow = Annotated[Caller, Depends(_caller)]
"""A route's parameter: who asks."""
