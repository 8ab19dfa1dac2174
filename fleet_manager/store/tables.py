"""Alerts and how they came: who has a place in the order, what is lost, what was refused, what devices say.

`places` holds every sequence that arrived, whatever it was: it makes rows unique on (device, epoch, seq) and is what
contiguity is counted on. `alerts` carries the full JSON as received beside its columns. Times are milliseconds since
1970-01-01 UTC. An address is `org/site/device`, a site `org/site`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from fleet_manager.store.metadata import Key, metadata

identity: Final = Table(
    "identity",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("client_id", Text, nullable=False),
)
"""One row: the name under which the manager's ingest knows the broker."""

devices: Final = Table(
    "devices",
    metadata,
    Column("address", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("epoch", Text, nullable=False),
    Column("ack", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("birth", Text, nullable=False),
    Column("born_ms", BigInteger, nullable=False),
)
"""The last birth of each device; `born_ms` is when it was stored."""

statuses: Final = Table(
    "statuses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("session", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
)
"""Whether each device is online, as it or the broker in its name said last."""

states: Final = Table(
    "states",
    metadata,
    Column("address", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("stored_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""The last health of each device, the JSON as received."""

alarms: Final = Table(
    "alarms",
    metadata,
    Column("address", Text),
    Column("type", Text),
    Column("site", Text, nullable=False, index=True),
    Column("active", Boolean, nullable=False),
    Column("severity", Text, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("address", "type"),
)
"""Conditions that last, each as it was told last, the JSON as received."""

places: Final = Table(
    "places",
    metadata,
    Column("address", Text),
    Column("epoch", Text),
    Column("seq", BigInteger),
    Column("event_id", Text, nullable=False),
    PrimaryKeyConstraint("address", "epoch", "seq"),
    sqlite_with_rowid=False,
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("point", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("label", Text),
    Column("score", Float),
    Column("model", Text),
    Column("count", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_alerts_site", "site", "id"),
    Index("ix_alerts_address", "address", "id"),
)

gaps: Final = Table(
    "gaps",
    metadata,
    Column("address", Text),
    Column("epoch", Text),
    Column("seq", BigInteger),
    Column("event_id", Text, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("address", "epoch", "seq"),
    sqlite_with_rowid=False,
)

gap_ranges: Final = Table(
    "gap_ranges",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_gap_ranges_end", "address", "epoch", "last"),
)
"""Which sequences will never come; `epoch` is the life of the spool that they belonged to."""

minutes: Final = Table(
    "minutes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("clk", Text, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("mono_ms", BigInteger, nullable=False),
    Column("from_mono", BigInteger, nullable=False),
    Column("until_mono", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("good", BigInteger, nullable=False),
    Column("defect", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
)
"""What points did in a minute and nobody has counted yet: who counts a row deletes it in the same transaction.

`time_ms` and `mono_ms` are one moment on the station's two clocks; an empty model or boot means none.
"""

boot_clocks: Final = Table(
    "boot_clocks",
    metadata,
    Column("address", Text),
    Column("boot", Text),
    Column("zero_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("address", "boot"),
    sqlite_with_rowid=False,
)
"""When each board was started, by the manager's clock: the earliest that its births, heard as they are said, tell."""

refused: Final = Table(
    "refused",
    metadata,
    Column("topic", Text),
    Column("event_id", Text),
    Column("address", Text, nullable=False, index=True),
    Column("epoch", Text),
    Column("seq", BigInteger),
    Column("why", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("topic", "event_id"),
    Index("ix_refused_stored", "stored_ms", "event_id", "topic"),
)
"""The quarantine: what could not be understood, when it came first, and how often."""

progress: Final = Table(
    "progress",
    metadata,
    Column("address", Text),
    Column("epoch", Text),
    Column("through", BigInteger, nullable=False),
    Column("top", BigInteger, nullable=False),
    PrimaryKeyConstraint("address", "epoch"),
    sqlite_with_rowid=False,
)
"""How far each life of each spool is stored: without a hole, and at all (the highest that is stored or in a gap)."""
