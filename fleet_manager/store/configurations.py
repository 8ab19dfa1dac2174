"""Configurations of devices: every revision that was wanted, and what each device says that it has.

Times are milliseconds since 1970-01-01 UTC by the manager's clock.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text

from fleet_manager.store.metadata import Key, metadata

configurations: Final = Table(
    "configurations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Index("uq_configurations_address_revision", "address", "revision", unique=True),
    Index("ix_configurations_sent", "sent_ms"),
)
"""`sent_ms` is when the broker had it first."""

reported: Final = Table(
    "reported",
    metadata,
    Column("address", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""What each device said last of the configuration that it has, the JSON as received."""
