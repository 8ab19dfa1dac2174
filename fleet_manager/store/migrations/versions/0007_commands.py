"""Commands to devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "commands",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("command_id", sa.Text, nullable=False, unique=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("sent_ms", sa.BigInteger),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("ix_commands_address", "commands", ["address", "id"])
    op.create_index("ix_commands_expires", "commands", ["expires_ms"])
