"""One-time links, by which a person chooses a password: the first admin, a new account, somebody who forgot theirs.

There is no default password. While nobody can administrate, each start of the manager makes a set-up link and forgets
the former one; whoever follows it first becomes the admin of all sites. Every link ends after 24 h, and is good only as
long as its maker could make it again: what somebody may no longer do, no link that they kept does for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, or_, select, update

from edge_contracts.errors import RefusedError
from fleet_manager.people.account_rows import Account, check_name, find_account, has_admin, make_account, read_account
from fleet_manager.people.accounts import check_may_manage
from fleet_manager.people.delegation import may_manage
from fleet_manager.people.password_rules import check_password
from fleet_manager.people.principal import STRANGER, SYSTEM, Principal
from fleet_manager.people.roles import EVERYWHERE, Grant, Role, site_of
from fleet_manager.people.secret_text import digest_of, new_secret
from fleet_manager.people.tables import accounts, one_time_links
from fleet_manager.people.ways_in import end_ways_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from fleet_manager.people.audit import AuditLog
    from fleet_manager.people.passwords import Passwords
    from fleet_manager.people.sessions import Sessions

LINK_MS: Final = 24 * 3600 * 1000

LINK_PATH: Final = "/link"
"""The page on which a link is followed."""


class LinkOver(RefusedError):
    """The link was used, has ended, or never was."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is good for: a password for `name`, or the first admin's account where `name` is None."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """Who has followed their link, and the secret of the session that it opened."""

    account: Account
    session: str


def link_address(site: str, secret: str) -> str:
    """What to hand over: the page, with the secret behind the #, which no browser sends and no server logs.

    Args:
        site: where the manager's pages are, such as `https://fleet.plant.example`.
        secret: of a link.
    """
    return f"{site.rstrip('/')}{LINK_PATH}#{secret}"


class OneTimeLinks:
    """The links of a manager.

    Args:
        engine: the database, migrated.
        audit: where their making and use are written down.
        passwords: the hasher.
        sessions: of browsers.
        unix_ms: the wall clock.
        draw: random bytes: `os.urandom`.
    """

    def __init__(
        self,
        engine: Engine,
        audit: AuditLog,
        passwords: Passwords,
        sessions: Sessions,
        unix_ms: Callable[[], int],
        draw: Callable[[int], bytes],
    ) -> None:
        self._engine, self._audit, self._passwords, self._sessions = engine, audit, passwords, sessions
        self._unix_ms, self._draw = unix_ms, draw

    def first_set_up(self) -> str | None:
        """The secret of the set-up link, for the one who starts the manager; None where somebody can administrate."""
        with self._engine.connect() as con:
            if has_admin(con):
                return None
        with self._audit.act(SYSTEM, "offer first set-up", "manager") as con:
            return self._new(con, None, None)

    def invite(self, by: Principal, name: str) -> str:
        """The secret of a link by which a person chooses a new password; a former one is over.

        Raises:
            BadInputError: there is no such account.
            NotAllowed: `by` may not manage it.
            RefusedError: its person comes in by an identity provider.
        """
        with self._engine.connect() as con:
            where = site_of(*read_account(con, name).grants)
        with self._audit.act(by, "make password link", f"account:{name}", where) as con:
            account = read_account(con, name)
            check_may_manage(by, account)
            if account.has_identity:
                raise RefusedError(f"wanted a password for {name}, found that they come in by the identity provider")
            return self._new(con, account.id, by.account)

    def look(self, secret: str) -> Link:
        """What the link is good for.

        Raises:
            LinkOver: for nothing any more.
        """
        with self._engine.connect() as con:
            account = self._account_of(con, secret)
            return Link(None if account is None else account.name)

    def redeem(self, secret: str, password: str, name: str | None = None, address: str = "unknown") -> Followed:
        """Follow the link: set the password, end the account's sessions and open a new one.

        Guesses that others made at the password keep nobody out here: the link is the proof.

        Args:
            secret: of the link.
            password: as typed.
            name: of the first admin's account; None for a link of an account.
            address: where the request comes from.

        Raises:
            LinkOver: the link is good for nothing any more.
            BadInputError: the password is none to take, or the name is not.
            TooBusy: too many others are hashing.
        """
        chosen = self.look(secret).name or name or ""
        check_name(chosen)
        kept = self._passwords.digest(check_password(password, chosen))
        with self._audit.act(STRANGER, "follow link", f"account:{chosen}", detail=address) as con:
            account = self._account_of(con, secret)
            if account is None:
                con.execute(delete(one_time_links).where(one_time_links.c.digest == digest_of(secret)))
                account = self._first_admin(con, chosen, kept)
            else:
                con.execute(update(accounts).where(accounts.c.id == account.id).values(password=kept))
                end_ways_in(con, account.id)
            return Followed(read_account(con, account.name), self._sessions.open(con, account.id, address))

    def _new(self, con: Connection, account: int | None, maker: int | None) -> str:
        now_ms = self._unix_ms()
        links = one_time_links.c
        con.execute(
            delete(one_time_links).where(or_(links.account.is_not_distinct_from(account), links.ends_ms <= now_ms))
        )
        secret = new_secret(self._draw)
        row = {"digest": digest_of(secret), "account": account, "ends_ms": now_ms + LINK_MS, "maker": maker}
        con.execute(insert(one_time_links).values(**row))
        return secret

    def _account_of(self, con: Connection, secret: str) -> Account | None:
        """Whose link it is; None for the first admin's."""
        query = select(one_time_links).where(
            one_time_links.c.digest == digest_of(secret), one_time_links.c.ends_ms > self._unix_ms()
        )
        link = con.execute(query).first()
        if link is None:
            raise LinkOver("wanted a link that is still good, found one that was used or is over: ask for a new one")
        if link.account is None:
            return None
        account = find_account(con, (accounts.c.id == link.account) & accounts.c.is_enabled)
        if account is None:
            raise LinkOver("wanted a link of an account that is switched on, found it switched off: ask an admin")
        if not _may_still(con, link.maker, account):
            raise LinkOver("wanted a link whose maker may still make it, found that they may not: ask another admin")
        return account

    def _first_admin(self, con: Connection, name: str, password: str) -> Account:
        if has_admin(con):
            raise LinkOver("wanted a manager without an admin, found one: log in, or ask them for a link")
        return make_account(con, name, [Grant(EVERYWHERE, Role.ADMIN)], password, self._unix_ms())


def _may_still(con: Connection, maker: int | None, account: Account) -> bool:
    """Whether the maker of a link could make it now; the manager itself always can."""
    if maker is None:
        return True
    found = find_account(con, (accounts.c.id == maker) & accounts.c.is_enabled)
    return found is not None and may_manage(found.grants, account.grants)
