"""Letting in whom an identity provider has proven: an account for each of its subjects, with the roles of its claims.

A subject is known by issuer and `sub`, never by a name: names are the provider's to give anew, and a name that an
account here already has is nobody's proof of being its person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.people.account_rows import check_name, find_account, make_account, write_grants
from fleet_manager.people.accounts import words_of
from fleet_manager.people.claims import grants_of
from fleet_manager.people.principal import STRANGER, SYSTEM
from fleet_manager.people.roles import site_of
from fleet_manager.people.tables import accounts, identities
from fleet_manager.people.ways_in import end_ways_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Engine

    from fleet_manager.people.account_rows import Account
    from fleet_manager.people.audit import AuditLog
    from fleet_manager.people.claims import ClaimRule
    from fleet_manager.people.roles import Grant
    from fleet_manager.people.sessions import Sessions

_WHO_CHARACTERS: Final = 64


class NotLetIn(RefusedError, PermissionError):
    """The provider has proven who it is, and they may not come in."""


class ProviderLogIn:
    """Log-ins by one provider.

    Args:
        engine: the database, migrated.
        audit: where log-ins, and what they change, are written down.
        sessions: of browsers.
        unix_ms: the wall clock.
        issuer: the provider's name, as it stands in its tokens.
        rules: which claims give which roles.
        name_claim: the claim that a new account takes its name from.
    """

    def __init__(
        self,
        engine: Engine,
        audit: AuditLog,
        sessions: Sessions,
        unix_ms: Callable[[], int],
        issuer: str,
        rules: Sequence[ClaimRule],
        name_claim: str,
    ) -> None:
        self._engine, self._audit, self._sessions, self._unix_ms = engine, audit, sessions, unix_ms
        self._issuer, self._rules, self._name_claim = issuer, tuple(rules), name_claim

    def log_in(self, claims: Mapping[str, object], address: str) -> str:
        """The secret of a new session; the account has the roles that these claims give, no others.

        Args:
            claims: of a verified ID token.
            address: where the request comes from.

        Raises:
            NotLetIn: no claim gives a role, the account is switched off, or its name is none or somebody else's.
        """
        try:
            return self._let_in(claims, address)
        except NotLetIn:
            self._audit.refused(STRANGER, "log in", self._object(claims), detail=self._told(address))
            raise

    def _let_in(self, claims: Mapping[str, object], address: str) -> str:
        subject, grants = str(claims["sub"]), grants_of(claims, self._rules)
        with self._engine.connect() as con:
            found = find_account(con, self._is(subject))
        if found is not None and found.grants != grants:
            self._regrant(found, grants)
        if not grants:
            raise NotLetIn(f"wanted a role for you, found none in what {self._issuer} says of you: ask an admin")
        who = found or self._make(claims, subject, grants)
        where = site_of(*who.grants)
        with self._audit.act(who.principal, "log in", f"account:{who.name}", where, self._told(address)) as con:
            account = find_account(con, self._is(subject) & accounts.c.is_enabled)
            if account is None:
                raise NotLetIn(f"wanted the account {who.name} switched on, found it switched off: ask an admin")
            return self._sessions.open(con, account.id, address)

    def _regrant(self, account: Account, grants: Sequence[Grant]) -> None:
        on, where = f"account:{account.name}", site_of(*account.grants, *grants)
        with self._audit.act(SYSTEM, "change grants", on, where, words_of(grants)) as con:
            write_grants(con, account.id, grants)
            end_ways_in(con, account.id)

    def _make(self, claims: Mapping[str, object], subject: str, grants: Sequence[Grant]) -> Account:
        name = self._name(claims)
        try:
            with self._audit.act(SYSTEM, "make account", f"account:{name}", site_of(*grants), words_of(grants)) as con:
                made = make_account(con, name, grants, None, self._unix_ms())
                con.execute(insert(identities).values(issuer=self._issuer, subject=subject, account=made.id))
                return made
        except BadInputError as err:
            raise NotLetIn(
                f"wanted an account for you, found that somebody here has the name {name}: ask an admin"
            ) from err

    def _name(self, claims: Mapping[str, object]) -> str:
        said = claims.get(self._name_claim)
        name = said.strip().lower() if isinstance(said, str) else ""
        try:
            check_name(name)
        except BadInputError as err:
            raise NotLetIn(
                f"wanted a name for you in the claim {self._name_claim!r}, found {name[:80]!r}: ask an admin"
            ) from err
        return name

    def _is(self, subject: str) -> ColumnElement[bool]:
        mine = (identities.c.issuer == self._issuer) & (identities.c.subject == subject)
        return accounts.c.id.in_(select(identities.c.account).where(mine))

    def _object(self, claims: Mapping[str, object]) -> str:
        who = str(claims.get(self._name_claim, ""))[:_WHO_CHARACTERS]
        return f"account:{who}" if who.isprintable() else "account"

    def _told(self, address: str) -> str:
        return f"{address} by {self._issuer}"
