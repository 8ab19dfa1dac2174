"""Sessions of browsers: a random secret in a cookie, its SHA-256 in the database.

A session ends at log-out, after 12 h, after 1 h without a request, when the account's password or grants change, and
when it is switched off. Times are of the wall clock, because sessions outlive a restart of the manager; a session from
a future that a corrected clock took back is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, or_, select, update

from fleet_manager.people.account_rows import Account, find_account
from fleet_manager.people.last_use import note_use
from fleet_manager.people.secret_text import digest_of, new_secret
from fleet_manager.people.tables import accounts, sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection, Engine

SEEN_EVERY_MS: Final = 60_000
"""Use of a session is written down at most this often; it may end that much early."""
CLOCK_STEP_MS: Final = 300_000
"""A clock that is set back by less ends no session."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session may last: in all, and without a request."""

    absolute_s: int = 12 * 3600
    idle_s: int = 3600


class Sessions:
    """The sessions of a manager.

    Args:
        engine: the database, migrated.
        unix_ms: the wall clock.
        draw: random bytes: `os.urandom`.
        limits: how long they may last.
    """

    def __init__(
        self, engine: Engine, unix_ms: Callable[[], int], draw: Callable[[int], bytes], limits: SessionLimits
    ) -> None:
        self._engine, self._unix_ms, self._draw, self._limits = engine, unix_ms, draw, limits

    def open(self, con: Connection, account: int, address: str) -> str:
        """The secret of a new session, in the caller's transaction; dead sessions are swept away."""
        now_ms = self._unix_ms()
        con.execute(delete(sessions).where(or_(*self._is_over(now_ms))))
        secret = new_secret(self._draw)
        row = {"digest": digest_of(secret), "account": account, "address": address}
        con.execute(insert(sessions).values(**row, opened_ms=now_ms, seen_ms=now_ms))
        return secret

    def account(self, secret: str, *, is_use: bool = True) -> Account | None:
        """Whose session it is; None when it is over or never was.

        Args:
            secret: what the cookie holds.
            is_use: False for a request that no person made, such as a live view that connects again.
        """
        now_ms, digest = self._unix_ms(), digest_of(secret)
        query = select(sessions.c.account, sessions.c.seen_ms).where(
            sessions.c.digest == digest, *(~is_over for is_over in self._is_over(now_ms))
        )
        with self._engine.connect() as con:
            row = con.execute(query).first()
            if row is None:
                return None
            found = find_account(con, (accounts.c.id == row.account) & accounts.c.is_enabled)
        if is_use and abs(now_ms - row.seen_ms) >= SEEN_EVERY_MS:
            note_use(self._engine, update(sessions).where(sessions.c.digest == digest).values(seen_ms=now_ms))
        return found

    def close(self, con: Connection, secret: str) -> None:
        """Log out, in the caller's transaction."""
        con.execute(delete(sessions).where(sessions.c.digest == digest_of(secret)))

    def _is_over(self, now_ms: int) -> tuple[ColumnElement[bool], ...]:
        return (
            sessions.c.opened_ms <= now_ms - self._limits.absolute_s * 1000,
            sessions.c.seen_ms <= now_ms - self._limits.idle_s * 1000,
            sessions.c.seen_ms > now_ms + CLOCK_STEP_MS,
        )
