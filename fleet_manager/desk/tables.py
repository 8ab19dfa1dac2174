"""What people add to alerts, and what is counted from them. The ingest writes none of these tables.

An alert without a row in `alert_states` is `new`, so that storing an alert costs nothing here. Times are milliseconds
since 1970-01-01 UTC. An address is `org/site/device`, a site `org/site`; an empty label or model means none.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from fleet_manager.store.metadata import Key, metadata

alert_states: Final = Table(
    "alert_states",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("site", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("ix_alert_states_site_state", "site", "state", "alert_id"),
    Index("ix_alert_states_state", "state", "alert_id"),
)

alert_history: Final = Table(
    "alert_history",
    metadata,
    Column("id", Key, primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("text", Text, nullable=False),
    Index("ix_alert_history_alert", "alert_id", "id"),
)
"""Changes of state, and comments, which have neither `before` nor `after`."""

verdict_labels: Final = Table(
    "verdict_labels",
    metadata,
    Column("id", Key, primary_key=True),
    Column("alert_id", BigInteger, unique=True),
    Column("site", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("sha256", Text),
    Column("media_type", Text),
    Column("model", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_verdict_labels_site", "site", "id"),
)
"""What a part truly was; a row without an alert is a defect that was missed."""

cases: Final = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("alerts", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Index("ix_cases_sort", "address", "point", "outcome", "cause", "label", "last_ms"),
    Index("ix_cases_site", "site", "last_ms"),
    Index("ix_cases_last", "last_ms"),
)

followers: Final = Table(
    "followers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
)
"""How far each reader of alerts has come; it moves in the transaction that holds what the reader made."""

alert_quarters: Final = Table(
    "alert_quarters",
    metadata,
    Column("quarter_ms", BigInteger),
    Column("address", Text),
    Column("point", Text),
    Column("outcome", Text),
    Column("cause", Text),
    Column("label", Text),
    Column("model", Text),
    Column("site", Text, nullable=False),
    Column("alerts", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    PrimaryKeyConstraint("quarter_ms", "address", "point", "outcome", "cause", "label", "model"),
    sqlite_with_rowid=False,
)
"""Alerts per quarter of an hour, for the Pareto."""

production_quarters: Final = Table(
    "production_quarters",
    metadata,
    Column("quarter_ms", BigInteger),
    Column("address", Text),
    Column("point", Text),
    Column("model", Text),
    Column("site", Text, nullable=False),
    Column("good", BigInteger, nullable=False),
    Column("defect", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
    PrimaryKeyConstraint("quarter_ms", "address", "point", "model"),
    sqlite_with_rowid=False,
)

production_last: Final = Table(
    "production_last",
    metadata,
    Column("address", Text),
    Column("point", Text),
    Column("good", BigInteger, nullable=False),
    Column("defect", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("address", "point"),
    sqlite_with_rowid=False,
)
"""The running counts that each point told last."""

shift_plans: Final = Table(
    "shift_plans",
    metadata,
    Column("site", Text, primary_key=True),
    Column("plan", Text, nullable=False),
)

escalation_rules: Final = Table(
    "escalation_rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("alert_id", BigInteger, nullable=False),
    Column("called_ms", BigInteger, nullable=False),
)
"""`alert_id`: how far the rule has looked; `called_ms`: when it last called somebody, 0 for never."""

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("ended_ms", BigInteger),
    Column("error", Text, nullable=False),
    Column("sites", Text),
    Index("ix_deliveries_due", "due_ms"),
)
"""Calls on their way; without `due_ms` they have ended, well where `error` is empty.

`sites`: those of the rule when it called, as JSON; none for every site.
"""
