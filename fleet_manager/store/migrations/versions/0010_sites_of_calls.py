"""Which sites a call was about. Of those of before nobody knows: who may see them may at every site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("deliveries", sa.Column("sites", sa.Text))
