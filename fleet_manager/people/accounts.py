"""Accounts: made, given roles, switched off. Each change is an audit entry, and ends the account's sessions and link.

Nobody chooses another person's password: a new account, or one whose password is forgotten, gets a link (`links`).
Accounts are switched off, not deleted, because the audit log names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import true, update

from edge_contracts.errors import RefusedError
from fleet_manager.people.account_rows import (
    Account,
    check_name,
    has_admin,
    make_account,
    read_account,
    read_accounts,
    write_grants,
)
from fleet_manager.people.delegation import may_manage, may_regrant
from fleet_manager.people.principal import NotAllowed, Principal
from fleet_manager.people.roles import site_of
from fleet_manager.people.tables import accounts
from fleet_manager.people.ways_in import end_ways_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from fleet_manager.people.audit import AuditLog
    from fleet_manager.people.roles import Grant


class LastAdmin(RefusedError):
    """After this nobody could manage the manager any more."""


class Accounts:
    """The people of a manager.

    Args:
        engine: the database, migrated.
        audit: where each change is written down.
        unix_ms: the wall clock.
    """

    def __init__(self, engine: Engine, audit: AuditLog, unix_ms: Callable[[], int]) -> None:
        self._engine, self._audit, self._unix_ms = engine, audit, unix_ms

    def everybody(self) -> list[Account]:
        """All accounts, in order of their names."""
        with self._engine.connect() as con:
            return read_accounts(con, true())

    def of(self, name: str) -> Account:
        """One account.

        Raises:
            BadInputError: there is none of this name.
        """
        with self._engine.connect() as con:
            return read_account(con, name)

    def make(self, by: Principal, name: str, grants: Sequence[Grant]) -> Account:
        """A new account without a password: send its person a link.

        Raises:
            BadInputError: the name is no name, or somebody has it.
            NotAllowed: `by` may not give these grants.
        """
        check_name(name)
        with self._audit.act(by, "make account", f"account:{name}", site_of(*grants), words_of(grants)) as con:
            if not may_manage(by.grants, grants):
                raise NotAllowed(f"wanted {words_of(grants)} for {name}, found that {by.name} may not give that")
            return make_account(con, name, grants, None, self._unix_ms())

    def regrant(self, by: Principal, name: str, grants: Sequence[Grant]) -> Account:
        """Give an account these grants instead of its own; its sessions and its link end.

        Raises:
            BadInputError: there is no such account.
            NotAllowed: `by` may not change what would change, or nothing of theirs would.
            LastAdmin: nobody would be left who may do everything.
            RefusedError: an identity provider gives its grants.
        """
        where = site_of(*self.of(name).grants, *grants)
        with self._audit.act(by, "change grants", f"account:{name}", where, words_of(grants)) as con:
            account, had_admin = read_account(con, name), has_admin(con)
            if not may_regrant(by.grants, account.grants, grants):
                raise NotAllowed(f"wanted {words_of(grants)} for {name}, found that {by.name} may not change that")
            if account.has_identity:
                raise RefusedError(
                    f"wanted other roles for {name}, found that the identity provider gives them: change them there"
                )
            write_grants(con, account.id, grants)
            end_ways_in(con, account.id)
            _check_admin_is_left(con, name, had_admin=had_admin)
            return read_account(con, name)

    def switch(self, by: Principal, name: str, *, is_enabled: bool) -> Account:
        """Let an account in or keep it out; its sessions and its link end, its tokens sleep while it is out.

        Raises:
            BadInputError: there is no such account.
            NotAllowed: `by` may not manage it.
            LastAdmin: nobody would be left who may do everything.
        """
        action = "switch on" if is_enabled else "switch off"
        with self._audit.act(by, action, f"account:{name}", site_of(*self.of(name).grants)) as con:
            account, had_admin = read_account(con, name), has_admin(con)
            check_may_manage(by, account)
            con.execute(update(accounts).where(accounts.c.id == account.id).values(is_enabled=is_enabled))
            end_ways_in(con, account.id)
            _check_admin_is_left(con, name, had_admin=had_admin)
            return read_account(con, name)


def check_may_manage(by: Principal, account: Account) -> None:
    """Go on only where an admin may act on an account.

    Raises:
        NotAllowed: they may not.
    """
    if not may_manage(by.grants, account.grants):
        raise NotAllowed(f"wanted to manage {account.name}, found that {by.name} is no admin of all their sites")


def words_of(grants: Sequence[Grant]) -> str:
    """Grants for people: `engineer at plant/hall, viewer at *`."""
    return ", ".join(f"{grant.role.word} at {grant.site}" for grant in grants) or "no role"


def _check_admin_is_left(con: Connection, name: str, *, had_admin: bool) -> None:
    if had_admin and not has_admin(con):
        raise LastAdmin(f"wanted an admin of all sites besides {name}, found none: make another one first")
