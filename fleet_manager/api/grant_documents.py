"""Roles at sites, as they go over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import StringConstraints

from fleet_manager.api.wire_values import Wish
from fleet_manager.people.roles import Grant, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROLES: Final = "|".join(role.word for role in Role)


class GrantDocument(Wish):
    """A role at a site, `org/site`, or at `*`: every site."""

    site: Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]{1,32}/[a-z0-9-]{1,32}|\*)$")]
    role: Annotated[str, StringConstraints(pattern=f"^({_ROLES})$")]


def grants_of(wishes: Iterable[GrantDocument]) -> tuple[Grant, ...]:
    """What somebody wrote, as roles at sites."""
    return tuple(Grant(one.site, Role.from_word(one.role)) for one in wishes)


def grant_documents(grants: Iterable[Grant]) -> list[GrantDocument]:
    """Roles at sites, for the wire."""
    return [GrantDocument(site=one.site, role=one.role.word) for one in grants]
