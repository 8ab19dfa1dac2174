"""Who made a link. Those of before name nobody and are forgotten: they last a day, and are made anew in a moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table again, with the maker."""
    op.drop_table("one_time_links")
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), unique=True),
        sa.Column("ends_ms", sa.BigInteger, nullable=False),
        sa.Column("maker", sa.BigInteger, sa.ForeignKey("accounts.id")),
    )
