"""The tables of people, on the manager's one MetaData.

Times are milliseconds since 1970 UTC of the wall clock, because they must mean the same after a restart. Secrets are
never here: of links, sessions and tokens the SHA-256 in hexadecimal, of passwords the argon2id hash.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, Table, Text

from fleet_manager.store.metadata import Key, metadata

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text),
    Column("is_enabled", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

account_grants: Final = Table(
    "account_grants",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True),
    Column("site", Text, primary_key=True),
    Column("role", Text, nullable=False),
)

identities: Final = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, unique=True),
)
"""Whom an identity provider knows by which subject; such an account has no password here."""

one_time_links: Final = Table(
    "one_time_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), unique=True),
    Column("ends_ms", BigInteger, nullable=False),
    Column("maker", BigInteger, ForeignKey("accounts.id")),
)
"""`maker`: whose right to make the link is looked at again when it is followed; none for the manager itself."""

sessions: Final = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)

log_in_delays: Final = Table(
    "log_in_delays",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("counted_ms", BigInteger, nullable=False, index=True),
    Column("free_from_ms", BigInteger, nullable=False),
)

known_addresses: Final = Table(
    "known_addresses",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("seen_ms", BigInteger, nullable=False, index=True),
)

api_tokens: Final = Table(
    "api_tokens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)

api_token_grants: Final = Table(
    "api_token_grants",
    metadata,
    Column("token", BigInteger, ForeignKey("api_tokens.id"), primary_key=True),
    Column("site", Text, primary_key=True),
    Column("role", Text, nullable=False),
)

audit_entries: Final = Table(
    "audit_entries",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("site", Text, nullable=False, index=True),
    Column("result", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("former", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

audit_head: Final = Table(
    "audit_head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="single"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
)
