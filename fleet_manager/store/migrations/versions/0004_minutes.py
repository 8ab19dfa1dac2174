"""What stations told of each minute and nobody has counted yet, and when their boards were started."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; what was counted from running counts stays as it is."""
    op.create_table(
        "minutes",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("boot", sa.Text, nullable=False),
        sa.Column("clk", sa.Text, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("mono_ms", sa.BigInteger, nullable=False),
        sa.Column("from_mono", sa.BigInteger, nullable=False),
        sa.Column("until_mono", sa.BigInteger, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("good", sa.BigInteger, nullable=False),
        sa.Column("defect", sa.BigInteger, nullable=False),
        sa.Column("unknown", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "boot_clocks",
        sa.Column("address", sa.Text),
        sa.Column("boot", sa.Text),
        sa.Column("zero_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("address", "boot"),
        sqlite_with_rowid=False,
    )
