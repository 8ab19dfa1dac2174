"""The quarantine is read by the newest first."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_refused_stored", "refused", ["stored_ms", "event_id", "topic"])
