"""Alerts, their order, the loss ledger, the quarantine, the devices and how they do."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and give the manager its name."""
    identity = op.create_table(
        "identity",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("client_id", sa.Text, nullable=False),
    )
    op.bulk_insert(identity, [{"one": 1, "client_id": f"lepton-fleet-{secrets.token_hex(8)}"}])
    _make_devices()
    _make_places()
    _make_alerts()
    _make_ledger()


def _make_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False, index=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("ack", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("birth", sa.Text, nullable=False),
        sa.Column("born_ms", sa.BigInteger, nullable=False),
    )

    op.create_table(
        "statuses",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False, index=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "states",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False, index=True),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "alarms",
        sa.Column("address", sa.Text),
        sa.Column("type", sa.Text),
        sa.Column("site", sa.Text, nullable=False, index=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("address", "type"),
    )


def _make_places() -> None:
    op.create_table(
        "places",
        *_place(),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("address", "epoch", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "progress",
        sa.Column("address", sa.Text),
        sa.Column("epoch", sa.Text),
        sa.Column("through", sa.BigInteger, nullable=False),
        sa.Column("top", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("address", "epoch"),
        sqlite_with_rowid=False,
    )


def _make_alerts() -> None:
    texts = ("point", "part", "outcome", "cause", "severity")
    op.create_table(
        "alerts",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("label", sa.Text),
        sa.Column("score", sa.Float),
        sa.Column("model", sa.Text),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_alerts_site", "alerts", ["site", "id"])
    op.create_index("ix_alerts_address", "alerts", ["address", "id"])


def _make_ledger() -> None:
    op.create_table(
        "gaps",
        *_place(),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("address", "epoch", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gap_ranges",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_gap_ranges_end", "gap_ranges", ["address", "epoch", "last"])
    op.create_table(
        "refused",
        sa.Column("topic", sa.Text),
        sa.Column("event_id", sa.Text),
        sa.Column("address", sa.Text, nullable=False, index=True),
        sa.Column("epoch", sa.Text),
        sa.Column("seq", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("topic", "event_id"),
    )


def _place() -> tuple[sa.Column[str], sa.Column[str], sa.Column[int]]:
    return sa.Column("address", sa.Text), sa.Column("epoch", sa.Text), sa.Column("seq", sa.BigInteger)
