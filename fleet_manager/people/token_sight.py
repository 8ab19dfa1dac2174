"""Which API tokens somebody may see: their own, and those of the accounts that they manage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.people.delegation import may_manage

if TYPE_CHECKING:
    from fleet_manager.people.assembly import People
    from fleet_manager.people.principal import Principal
    from fleet_manager.people.tokens import ApiToken


def visible_tokens(people: People, by: Principal) -> list[ApiToken]:
    """In order of their making; those that have ended, too."""
    mine = by.name.partition("/")[0]
    managed = {one.name for one in people.accounts.everybody() if may_manage(by.grants, one.grants)}
    return [one for one in people.tokens.everybodys() if one.owner == mine or one.owner in managed]
