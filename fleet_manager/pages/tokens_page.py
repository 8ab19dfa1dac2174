"""API tokens as a page has them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from fleet_manager.pages.alert_item import StateView
from fleet_manager.pages.choices import Choice
from fleet_manager.pages.wording import moment_of
from fleet_manager.people.delegation import capped
from fleet_manager.people.roles import EVERYWHERE, Grant, Role
from fleet_manager.people.tokens import LONGEST_DAYS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from fleet_manager.people.principal import Principal
    from fleet_manager.people.tokens import ApiToken

_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token; `prefix` is how it begins."""

    id: int
    label: str
    prefix: str
    owner: str
    grants: str
    ends: datetime
    used: datetime | None
    state: StateView


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """What stands in the form for a new token."""

    label: str = ""
    role: str = Role.VIEWER.word
    site: str = ""
    days: str = "90"


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that was just made: its secret, shown once."""

    label: str
    secret: str


@dataclass(frozen=True, slots=True)
class TokensPage:
    """The page; `days` is the longest life of a token."""

    tokens: tuple[TokenLine, ...]
    roles: tuple[Choice, ...]
    sites: tuple[Choice, ...]
    draft: TokenDraft
    made: MadeToken | None
    days: int


def tokens_page(
    tokens: Sequence[ApiToken],
    viewer: Principal,
    known: Collection[str],
    draft: TokenDraft,
    made: MadeToken | None,
    now_ms: int,
) -> TokensPage:
    """The page for somebody.

    Args:
        tokens: those that they may see.
        viewer: who they are.
        known: names of sites to offer.
        draft: what the form holds.
        made: what was just made.
        now_ms: wall clock.
    """
    highest = max((grant.role for grant in viewer.grants), default=Role.DEVICE)
    own = {grant.site for grant in viewer.grants}
    offered = sorted(own | set(known) if EVERYWHERE in own else own)
    return TokensPage(
        tuple(_line(one, now_ms) for one in reversed(tokens)),
        tuple(Choice(role.word, role.word) for role in Role if role <= highest),
        tuple(Choice(site, "all sites" if site == EVERYWHERE else site) for site in offered),
        draft,
        made,
        LONGEST_DAYS,
    )


def draft_grant(draft: TokenDraft, viewer: Principal) -> Grant:
    """What the token of a form may do.

    Raises:
        BadInputError: role or site is none, or it is more than the person has there.
    """
    grant = Grant(draft.site, Role.from_word(draft.role))
    if capped((grant,), viewer.grants) != (grant,):
        where = "all sites" if grant.site == EVERYWHERE else grant.site
        raise BadInputError(f"wanted a token for {draft.role} at {where}, found that you have less there: take less")
    return grant


def draft_days(draft: TokenDraft) -> int:
    """How long the token of a form lasts.

    Raises:
        BadInputError: it is no number of days.
    """
    if not (draft.days.isascii() and draft.days.isdecimal() and len(draft.days) <= _DIGITS):
        raise BadInputError(f"wanted 1 to {LONGEST_DAYS} days, found {draft.days[:40]!r}")
    return int(draft.days)


def _line(one: ApiToken, now_ms: int) -> TokenLine:
    words = [f"{grant.role.word} at {'all sites' if grant.site == EVERYWHERE else grant.site}" for grant in one.grants]
    state = StateView("online", "good") if one.ends_ms > now_ms else StateView("offline", "ended")
    used = None if one.used_ms is None else moment_of(one.used_ms)
    return TokenLine(one.id, one.label, one.prefix, one.owner, ", ".join(words), moment_of(one.ends_ms), used, state)
