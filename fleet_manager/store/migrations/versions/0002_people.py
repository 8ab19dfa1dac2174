"""Accounts, their grants, links, sessions and tokens, what slows guesses down, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the head of an empty audit log."""
    _make_accounts()
    _make_ways_in()
    _make_delays()
    _make_tokens()
    _make_audit()


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("password", sa.Text),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
    )
    op.create_table("account_grants", _account(primary_key=True), *_grant())


def _make_ways_in() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.Text, primary_key=True),
        _account(unique=True),
        sa.Column("ends_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        _account(nullable=False, index=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
    )


def _make_delays() -> None:
    op.create_table(
        "log_in_delays",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("counted_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("free_from_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "known_addresses",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("seen_ms", sa.BigInteger, nullable=False, index=True),
    )


def _make_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("prefix", sa.Text, nullable=False),
        _account(nullable=False, index=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("ends_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger),
    )
    op.create_table(
        "api_token_grants",
        sa.Column("token", sa.BigInteger, sa.ForeignKey("api_tokens.id"), primary_key=True),
        *_grant(),
    )


def _make_audit() -> None:
    texts = ("kind", "name", "action", "object")
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("site", sa.Text, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("result", "detail", "former", "digest")),
    )
    head = op.create_table(
        "audit_head",
        sa.Column(
            "one", sa.Integer, sa.CheckConstraint("one = 1", name="single"), primary_key=True, autoincrement=False
        ),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.bulk_insert(head, [{"one": 1, "seq": 0, "digest": "0" * 64}])


def _account(
    *, primary_key: bool = False, nullable: bool = True, unique: bool = False, index: bool = False
) -> sa.Column[int]:
    return sa.Column(
        "account",
        sa.BigInteger,
        sa.ForeignKey("accounts.id"),
        primary_key=primary_key,
        nullable=nullable and not primary_key,
        unique=unique or None,
        index=index or None,
    )


def _grant() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("site", sa.Text, primary_key=True), sa.Column("role", sa.Text, nullable=False)
