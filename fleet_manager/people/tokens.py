"""API tokens: for programs, which cannot log in. Shown once, kept as a digest, never without an end.

A token belongs to an account and may do at most what its account may at that moment: whoever loses a role loses it in
every token as well, and the tokens of an account that is switched off sleep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.people.account_rows import find_account
from fleet_manager.people.accounts import check_may_manage, words_of
from fleet_manager.people.delegation import capped, normal
from fleet_manager.people.last_use import note_use
from fleet_manager.people.principal import Kind, NotAllowed, Principal
from fleet_manager.people.roles import Grant, Role, site_of
from fleet_manager.people.secret_text import digest_of, new_secret
from fleet_manager.people.tables import accounts, api_token_grants, api_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from fleet_manager.people.audit import AuditLog

MARK: Final = "lpt_"
"""Each token begins so: who finds one in a file knows what it is, and scanners for leaked secrets can."""
PREFIX_CHARACTERS: Final = len(MARK) + 8
"""What of a token stays readable, for people to tell theirs apart: the mark and 32 of its 256 bits."""
LONGEST_DAYS: Final = 400
MOST_OF_ONE: Final = 500
"""Tokens of one account: an engineer may make one for each station of a site."""
SHOWN_DAYS: Final = 30
"""How long a token that has ended stays in the list, so that its person sees why a program stopped."""
LABEL_CHARACTERS: Final = 64
USED_EVERY_MS: Final = 60_000
"""Use of a token is written down at most this often."""
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as people see it later; times are milliseconds since 1970 UTC.

    prefix: its first 12 characters. grants: what it was made for; its account's grants limit them.
    used_ms: its last use, to a minute; None when it never was used.
    """

    id: int
    prefix: str
    label: str
    owner: str
    grants: tuple[Grant, ...]
    made_ms: int
    ends_ms: int
    used_ms: int | None


class ApiTokens:
    """The tokens of a manager.

    Args:
        engine: the database, migrated.
        audit: where making and revoking are written down.
        unix_ms: the wall clock.
        draw: random bytes: `os.urandom`.
    """

    def __init__(
        self, engine: Engine, audit: AuditLog, unix_ms: Callable[[], int], draw: Callable[[int], bytes]
    ) -> None:
        self._engine, self._audit, self._unix_ms, self._draw = engine, audit, unix_ms, draw

    def make(self, by: Principal, label: str, grants: Sequence[Grant], days: int) -> tuple[str, ApiToken]:
        """The token's secret, which nobody can read again, and the token.

        Args:
            by: the person whose token it is.
            label: what it is for, 1 to 64 characters.
            grants: what it may do, at most what they may.
            days: after which it ends, 1 to 400.

        Raises:
            BadInputError: the label or the days are out of bounds, or there are no grants.
            NotAllowed: `by` is no person, or wants more than they have.
            RefusedError: they have too many.
        """
        _check_wish(label, grants, days)
        secret = MARK + new_secret(self._draw)
        prefix = secret[:PREFIX_CHARACTERS]
        where, told = site_of(*grants), f"{label}: {words_of(grants)}"
        with self._audit.act(by, "make token", f"token:{prefix}", where, told) as con:
            if by.kind is not Kind.PERSON or by.account is None:
                raise NotAllowed("wanted a person to make a token, found that no token makes another: log in")
            if capped(grants, by.grants) != normal(grants):
                raise NotAllowed(f"wanted a token for {words_of(grants)}, found that {by.name} may not do so much")
            now_ms = self._unix_ms()
            _forget(con, api_tokens.c.ends_ms < now_ms - SHOWN_DAYS * _DAY_MS)
            _check_room(con, by.account)
            row = {"prefix": prefix, "account": by.account, "label": label, "made_ms": now_ms}
            statement = insert(api_tokens).values(**row, digest=digest_of(secret), ends_ms=now_ms + days * _DAY_MS)
            token = con.execute(statement.returning(api_tokens.c.id)).scalar_one()
            rows = [{"token": token, "site": grant.site, "role": grant.role.word} for grant in normal(grants)]
            con.execute(insert(api_token_grants), rows)
            (made,) = _read(con, api_tokens.c.id == token)
        return secret, made

    def everybodys(self) -> list[ApiToken]:
        """All tokens, in order of their making; those that ended of late, too."""
        with self._engine.connect() as con:
            return _read(con, api_tokens.c.id.is_not(None))

    def revoke(self, by: Principal, token: int) -> None:
        """End a token now: its person may, and an admin of all their sites.

        Raises:
            BadInputError: there is no such token.
            NotAllowed: `by` is neither.
        """
        with self._audit.act(by, "revoke token", f"token:{token}") as con:
            owner = find_account(con, accounts.c.id == _owner_of(con, token))
            if owner is None:
                raise BadInputError(f"wanted a token of number {token}, found none: look at the list of tokens")
            if by.kind is not Kind.PERSON or by.account != owner.id:
                check_may_manage(by, owner)
            _forget(con, api_tokens.c.id == token)

    def principal(self, secret: str) -> Principal | None:
        """Who asks with this token; None when it has ended, was revoked or never was, or its account is out."""
        now_ms = self._unix_ms()
        is_it = (api_tokens.c.digest == digest_of(secret)) & (api_tokens.c.ends_ms > now_ms)
        with self._engine.connect() as con:
            row = con.execute(select(api_tokens).where(is_it)).first()
            if row is None:
                return None
            owner = find_account(con, (accounts.c.id == row.account) & accounts.c.is_enabled)
            grants = _grants_of(con, [row.id])[row.id]
        if owner is None:
            return None
        if row.used_ms is None or abs(now_ms - row.used_ms) >= USED_EVERY_MS:
            note_use(self._engine, update(api_tokens).where(api_tokens.c.id == row.id).values(used_ms=now_ms))
        return Principal(Kind.TOKEN, f"{owner.name}/{row.prefix}", capped(grants, owner.grants), owner.id)


def _check_wish(label: str, grants: Sequence[Grant], days: int) -> None:
    if not 0 < len(label) <= LABEL_CHARACTERS or not label.isprintable():
        raise BadInputError(f"wanted a label of 1 to {LABEL_CHARACTERS} printable characters, found {label[:80]!r}")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInputError(f"wanted a token for 1 to {LONGEST_DAYS} days, found {days}")
    if not grants:
        raise BadInputError("wanted a token that may do something, found no grants: name a role and a site")


def _check_room(con: Connection, account: int) -> None:
    kept = con.execute(select(func.count()).where(api_tokens.c.account == account)).scalar_one()
    if kept >= MOST_OF_ONE:
        raise RefusedError(f"wanted at most {MOST_OF_ONE} tokens of one person, found so many: revoke some first")


def _forget(con: Connection, where: ColumnElement[bool]) -> None:
    ids = select(api_tokens.c.id).where(where)
    con.execute(delete(api_token_grants).where(api_token_grants.c.token.in_(ids)))
    con.execute(delete(api_tokens).where(where))


def _owner_of(con: Connection, token: int) -> int | None:
    return con.execute(select(api_tokens.c.account).where(api_tokens.c.id == token)).scalar()


def _read(con: Connection, where: ColumnElement[bool]) -> list[ApiToken]:
    query = select(api_tokens, accounts.c.name.label("owner")).join(accounts).where(where).order_by(api_tokens.c.id)
    rows = con.execute(query).all()
    grants = _grants_of(con, [row.id for row in rows])
    return [_token(row, grants[row.id]) for row in rows]


def _token(row: Row[Any], grants: Sequence[Grant]) -> ApiToken:
    return ApiToken(row.id, row.prefix, row.label, row.owner, normal(grants), row.made_ms, row.ends_ms, row.used_ms)


def _grants_of(con: Connection, tokens: Sequence[int]) -> dict[int, list[Grant]]:
    grants: dict[int, list[Grant]] = {token: [] for token in tokens}
    for row in con.execute(select(api_token_grants).where(api_token_grants.c.token.in_(tokens))):
        grants[row.token].append(Grant(row.site, Role.from_word(row.role)))
    return grants
