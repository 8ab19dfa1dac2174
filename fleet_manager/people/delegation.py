"""Whose grants a person may change, and how far a token's grants reach. Pure.

Nobody gives what they do not have: an admin of one site makes no admin of another, and cannot take over, by a new
password, somebody who has a role where the admin has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.people.roles import EVERYWHERE, Grant, Permission, may

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def normal(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """One grant per site, the highest of each, in order of sites; what `may` answers does not change."""
    highest: dict[str, Grant] = {}
    for grant in grants:
        known = highest.get(grant.site)
        highest[grant.site] = grant if known is None else max(known, grant)
    return tuple(highest[site] for site in sorted(highest))


def may_manage(grants: Sequence[Grant], of: Iterable[Grant]) -> bool:
    """Whether an admin with `grants` may act on the account with the grants `of`: disable it, send it a link.

    An account without a role belongs to no site, so to the admins of all: else each could take it before it gets one.
    """
    sites = {grant.site for grant in of} or {EVERYWHERE}
    return all(may(grants, Permission.MANAGE_PEOPLE, site) for site in sites)


def may_regrant(grants: Sequence[Grant], before: Iterable[Grant], after: Iterable[Grant]) -> bool:
    """Whether an admin with `grants` may turn an account's grants `before` into `after`.

    Each that differs must be at their sites. Where none differs, or there was none, only an admin of all sites may.
    """
    old, new = set(normal(before)), set(normal(after))
    return may_manage(grants, old ^ new if old else ())


def capped(grants: Iterable[Grant], ceiling: Sequence[Grant]) -> tuple[Grant, ...]:
    """What is left of a token's grants under those that its owner has: allowed is what both allow."""
    return normal(
        Grant(_narrower(grant.site, limit.site), min(grant.role, limit.role))
        for grant in grants
        for limit in ceiling
        if grant.site == limit.site or EVERYWHERE in {grant.site, limit.site}
    )


def _narrower(one: str, other: str) -> str:
    return other if one == EVERYWHERE else one
