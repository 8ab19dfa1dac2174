"""Accounts as rows: read and written in somebody else's transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from edge_contracts.errors import BadInputError
from fleet_manager.people.delegation import normal
from fleet_manager.people.principal import Kind, Principal
from fleet_manager.people.roles import EVERYWHERE, Grant, Role
from fleet_manager.people.tables import account_grants, accounts, identities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person whom the manager knows.

    id: the account's number, never given twice. name: what they log in with; never changes.
    has_password: False until they have followed their first link.
    grants: one per site.
    has_identity: they come in by an identity provider, which gives their grants at each log-in.
    """

    id: int
    name: str
    is_enabled: bool
    has_password: bool
    grants: tuple[Grant, ...]
    has_identity: bool = False

    @property
    def principal(self) -> Principal:
        """The account as somebody who acts."""
        return Principal(Kind.PERSON, self.name, self.grants, self.id)


def check_name(name: str) -> None:
    """Refuse a name that cannot be an account's.

    Raises:
        BadInputError: it is not 1 to 64 of a-z, 0-9 and `._@-`, the first a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise BadInputError(
            f"wanted a name of 1 to 64 of a-z, 0-9 and '._@-', the first a letter or digit, found {name[:80]!r}"
        )


def read_account(con: Connection, name: str) -> Account:
    """The account of a name.

    Raises:
        BadInputError: there is none.
    """
    found = find_account(con, accounts.c.name == name)
    if found is None:
        raise BadInputError(f"wanted an account, found none of the name {name[:80]!r}: look at the list of people")
    return found


def find_account(con: Connection, where: ColumnElement[bool]) -> Account | None:
    """The one account that a condition on its row holds for, None where there is none."""
    found = read_accounts(con, where)
    return found[0] if found else None


def read_accounts(con: Connection, where: ColumnElement[bool]) -> list[Account]:
    """The accounts that a condition holds for, in order of their names."""
    rows = con.execute(select(accounts).where(where).order_by(accounts.c.name)).all()
    grants: dict[int, list[Grant]] = {row.id: [] for row in rows}
    for row in con.execute(select(account_grants).where(account_grants.c.account.in_(grants))):
        grants[row.account].append(Grant(row.site, Role.from_word(row.role)))
    known = set(con.execute(select(identities.c.account).where(identities.c.account.in_(grants))).scalars())
    return [
        Account(row.id, row.name, row.is_enabled, row.password is not None, normal(grants[row.id]), row.id in known)
        for row in rows
    ]


def make_account(con: Connection, name: str, grants: Iterable[Grant], password: str | None, now_ms: int) -> Account:
    """A new enabled account; `password` is its hash.

    Raises:
        BadInputError: the name is no name, or somebody has it.
    """
    check_name(name)
    if con.execute(select(accounts.c.id).where(accounts.c.name == name)).first() is not None:
        raise BadInputError(f"wanted a new account, found that somebody has the name {name!r}: take another")
    row = con.execute(
        insert(accounts).values(name=name, password=password, is_enabled=True, made_ms=now_ms).returning(accounts.c.id)
    ).one()
    write_grants(con, row.id, grants)
    return read_account(con, name)


def write_grants(con: Connection, account: int, grants: Iterable[Grant]) -> None:
    """Put these grants in the place of those that the account has."""
    con.execute(delete(account_grants).where(account_grants.c.account == account))
    rows = [{"account": account, "site": grant.site, "role": grant.role.word} for grant in normal(grants)]
    if rows:
        con.execute(insert(account_grants), rows)


def has_admin(con: Connection) -> bool:
    """Whether anybody can come in who may do everything everywhere."""
    query = (
        select(accounts.c.id)
        .join(account_grants)
        .where(
            accounts.c.is_enabled,
            accounts.c.password.is_not(None),
            account_grants.c.site == EVERYWHERE,
            account_grants.c.role == Role.ADMIN.word,
        )
    )
    return con.execute(query.limit(1)).first() is not None
