"""What people do with alerts: states, history, labels, cases, statistics, shifts, escalation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_handling()
    _make_cases()
    _make_alert_statistics()
    _make_production()
    _make_shifts()
    _make_escalation()


def _make_handling() -> None:
    op.create_table(
        "alert_states",
        sa.Column("alert_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_alert_states_site_state", "alert_states", ["site", "state", "alert_id"])
    op.create_index("ix_alert_states_state", "alert_states", ["state", "alert_id"])
    op.create_table(
        "alert_history",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("alert_id", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_alert_history_alert", "alert_history", ["alert_id", "id"])
    op.create_table(
        "verdict_labels",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("alert_id", sa.BigInteger, unique=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("media_type", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_verdict_labels_site", "verdict_labels", ["site", "id"])


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("first_id", sa.BigInteger, nullable=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("alerts", sa.BigInteger, nullable=False),
        sa.Column("parts", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_cases_sort", "cases", ["address", "point", "outcome", "cause", "label", "last_ms"])
    op.create_index("ix_cases_site", "cases", ["site", "last_ms"])
    op.create_index("ix_cases_last", "cases", ["last_ms"])
    op.create_table(
        "followers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("alert_id", sa.BigInteger, nullable=False),
    )


def _make_alert_statistics() -> None:
    op.create_table(
        "alert_quarters",
        sa.Column("quarter_ms", sa.BigInteger),
        sa.Column("address", sa.Text),
        sa.Column("point", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("label", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("alerts", sa.BigInteger, nullable=False),
        sa.Column("parts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("quarter_ms", "address", "point", "outcome", "cause", "label", "model"),
        sqlite_with_rowid=False,
    )


def _make_production() -> None:
    op.create_table(
        "production_quarters",
        sa.Column("quarter_ms", sa.BigInteger),
        sa.Column("address", sa.Text),
        sa.Column("point", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("good", sa.BigInteger, nullable=False),
        sa.Column("defect", sa.BigInteger, nullable=False),
        sa.Column("unknown", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("quarter_ms", "address", "point", "model"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "production_last",
        sa.Column("address", sa.Text),
        sa.Column("point", sa.Text),
        sa.Column("good", sa.BigInteger, nullable=False),
        sa.Column("defect", sa.BigInteger, nullable=False),
        sa.Column("unknown", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("address", "point"),
        sqlite_with_rowid=False,
    )


def _make_shifts() -> None:
    op.create_table(
        "shift_plans",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("plan", sa.Text, nullable=False),
    )


def _make_escalation() -> None:
    op.create_table(
        "escalation_rules",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("alert_id", sa.BigInteger, nullable=False),
        sa.Column("called_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["due_ms"])
