"""The gate: who comes in with a password, a session or a token, and who they are.

Every refusal at log-in reads the same and takes as long, whether the name exists or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from edge_contracts.errors import RefusedError
from fleet_manager.people.account_rows import find_account
from fleet_manager.people.password_rules import check_password
from fleet_manager.people.principal import STRANGER, Principal
from fleet_manager.people.roles import site_of
from fleet_manager.people.tables import accounts
from fleet_manager.people.ways_in import end_ways_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from fleet_manager.people.account_rows import Account
    from fleet_manager.people.audit import AuditLog
    from fleet_manager.people.log_in_delay import LogInDelay
    from fleet_manager.people.passwords import Passwords
    from fleet_manager.people.sessions import Sessions
    from fleet_manager.people.tokens import ApiTokens

_UNFIT: Final = "wanted a name and its password, found that they do not fit together: try again"


class LogInRefused(RefusedError, PermissionError):
    """Name and password do not fit together."""


class TooManyAttempts(RefusedError, PermissionError):
    """Too many wrong passwords; `wait_s` says when the next may be tried."""

    def __init__(self, wait_ms: int) -> None:
        self.wait_s = -(-wait_ms // 1000)
        super().__init__(f"wanted a pause after wrong passwords, found none: try again in {self.wait_s} s")


class Gate:
    """Where people and programs come in.

    Args:
        engine: the database, migrated.
        audit: where log-ins are written down.
        passwords: the hasher.
        delay: what slows guesses down.
        sessions: of browsers.
        tokens: of programs.
    """

    def __init__(
        self,
        engine: Engine,
        audit: AuditLog,
        passwords: Passwords,
        delay: LogInDelay,
        sessions: Sessions,
        tokens: ApiTokens,
    ) -> None:
        self._engine, self._audit, self._passwords, self._delay = engine, audit, passwords, delay
        self._sessions, self._tokens = sessions, tokens

    def log_in(self, name: str, password: str, address: str) -> str:
        """The secret of a new session, for a cookie.

        Args:
            name: as typed; upper case counts as lower, spaces around it as none.
            password: as typed.
            address: where the request comes from: of the client itself, not of a proxy in between.

        Raises:
            TooManyAttempts: too early after wrong ones; the password was not looked at.
            LogInRefused: name and password do not fit together, or the account is switched off.
            TooBusy: too many others are logging in.
        """
        account, kept = self._proven(name.strip().lower(), password, address)
        renewed = self._passwords.digest(password) if self._passwords.is_outdated(kept) else kept
        with self._act(account, "log in", address) as con:
            _replace(con, account, kept, renewed)
            return self._sessions.open(con, account.id, address)

    def log_out(self, secret: str) -> None:
        """End a session; one that is over already stays so."""
        account = self._sessions.account(secret, is_use=False)
        if account is None:
            return
        with self._act(account, "log out") as con:
            self._sessions.close(con, secret)

    def change_password(self, secret: str, old: str, new: str, address: str) -> str:
        """Change one's own password; the account's sessions and link end, and the secret of a new session is given.

        Raises:
            LogInRefused: the session is over, or the old password is wrong.
            TooManyAttempts: too early after wrong ones.
            BadInputError: the new password is none to take.
            TooBusy: too many others are hashing.
        """
        asking = self._sessions.account(secret)
        if asking is None:
            raise LogInRefused("wanted a session, found that it is over: log in again")
        accepted = check_password(new, asking.name)
        account, kept = self._proven(asking.name, old, address)
        renewed = self._passwords.digest(accepted)
        with self._act(account, "change password") as con:
            _replace(con, account, kept, renewed)
            end_ways_in(con, account.id)
            return self._sessions.open(con, account.id, address)

    def person(self, secret: str, *, is_use: bool = True) -> Principal | None:
        """Who has this session; None when it is over. `is_use` is False for requests that no person made."""
        account = self._sessions.account(secret, is_use=is_use)
        return None if account is None else account.principal

    def program(self, token: str) -> Principal | None:
        """Who has this API token; None when it is good for nothing."""
        return self._tokens.principal(token)

    def _act(self, account: Account, action: str, detail: str = "") -> AbstractContextManager[Connection]:
        return self._audit.act(account.principal, action, f"account:{account.name}", site_of(*account.grants), detail)

    def _proven(self, name: str, password: str, address: str) -> tuple[Account, str]:
        """The account whose password it is, and the hash that was looked at."""
        wait_ms = self._delay.attempt(name, address)
        if wait_ms > 0:
            raise TooManyAttempts(wait_ms)
        account, kept = self._look_up(name)
        fits = self._passwords.fits(kept, password)
        if account is None or kept is None or not account.is_enabled or not fits:
            on = "account" if account is None else f"account:{account.name}"
            self._audit.refused(STRANGER, "log in", on, detail=address)
            raise LogInRefused(_UNFIT)
        self._delay.was_right(name, address)
        return account, kept

    def _look_up(self, name: str) -> tuple[Account | None, str | None]:
        with self._engine.connect() as con:
            account = find_account(con, accounts.c.name == name)
            kept = con.execute(select(accounts.c.password).where(accounts.c.name == name)).scalar()
        return account, kept


def _replace(con: Connection, account: Account, kept: str, renewed: str) -> None:
    """Put a hash in the place of the one that was looked at, unless an admin or a link was quicker."""
    is_it = (accounts.c.id == account.id) & (accounts.c.password == kept) & accounts.c.is_enabled
    if con.execute(update(accounts).where(is_it).values(password=renewed)).rowcount != 1:
        raise LogInRefused(_UNFIT)
