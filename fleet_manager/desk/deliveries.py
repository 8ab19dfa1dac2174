"""Calls on their way: a queue in the database, so that neither a restart nor a dead manager loses one.

Who takes a call moves its time ahead; if the taker dies, the call is due again then. A call may so arrive twice, with
the same id, but never not at all without being told as given up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from edge_contracts.reconnect import FullJitter
from fleet_manager.desk.escalation_rule import one_by_one
from fleet_manager.desk.escalation_rules import target_of, target_text
from fleet_manager.desk.tables import deliveries
from fleet_manager.store.database import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from fleet_manager.desk.escalation_rule import EscalationRule

TAKEN_MS: Final = 180_000
"""How long a call belongs to who took it: longer than any attempt lasts, which has an end of its own."""
GIVE_UP_MS: Final = 3 * 86_400_000
RETRY: Final = FullJitter(first_s=10.0, longest_s=3600.0)
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call.

    id: its place in the queue. rule: which rule called.
    target: whom, as JSON, with the secret. body: what, as JSON.
    made_ms: when it was put into the queue. due_ms: when it is tried next, None when it has ended.
    attempts: how often it was tried. ended_ms: when it arrived, or was given up.
    error: why the last attempt failed; empty when it arrived.
    """

    id: int
    rule: str
    target: str
    body: str
    made_ms: int
    due_ms: int | None
    attempts: int
    ended_ms: int | None
    error: str

    @property
    def name(self) -> str:
        """What the receiver knows it by, the same at each attempt."""
        return f"lepton-{self.made_ms}-{self.id}"

    @property
    def where(self) -> str:
        """Whom it calls: an address, or a webhook's host alone."""
        return target_of(self.target).where

    def __repr__(self) -> str:
        """Without the target, which holds a secret."""
        return f"Delivery({self.name}, rule={self.rule!r}, attempts={self.attempts})"


def put_call(con: Connection, rule: EscalationRule, body: str, now_ms: int) -> None:
    """Put a call into the queue, once for each who is called; it is there when the transaction is.

    Args:
        con: the transaction.
        rule: who calls, whom, and about which sites.
        body: what, as JSON.
        now_ms: milliseconds since 1970-01-01 UTC.
    """
    told = {"rule": rule.name, "body": body, "made_ms": now_ms, "due_ms": now_ms, "attempts": 0, "error": ""}
    about = None if rule.sites is None else json.dumps(sorted(rule.sites))
    whom = [target_text(one) for one in one_by_one(rule.target)]
    con.execute(insert(deliveries), [{**told, "sites": about, "target": one} for one in whom])


def take_delivery(engine: Engine, now_ms: int, busy: Collection[str] = ()) -> Delivery | None:
    """The call that is due longest and not of a busy rule, for `TAKEN_MS`; None where none is due.

    Raises:
        StoreUnavailable: the database takes nothing just now.
    """
    mine = (deliveries.c.due_ms <= now_ms, deliveries.c.rule.not_in(sorted(busy)))
    due = select(deliveries.c.id).where(*mine).order_by(deliveries.c.due_ms).limit(1)
    with engine.connect() as con:
        if con.execute(due).one_or_none() is None:
            return None
    first = due.with_for_update(skip_locked=True).scalar_subquery()
    taken = {"due_ms": now_ms + TAKEN_MS, "attempts": deliveries.c.attempts + 1}
    with writing(engine) as con:
        row = con.execute(
            update(deliveries).where(deliveries.c.id == first).values(**taken).returning(deliveries)
        ).one_or_none()
    return None if row is None else _delivery(row)


def arrived(engine: Engine, one: Delivery, now_ms: int) -> None:
    """The receiver has it."""
    _change(engine, one, due_ms=None, ended_ms=now_ms, error="")


def failed(
    engine: Engine, one: Delivery, now_ms: int, error: str, draw: Callable[[], float], *, for_good: bool
) -> None:
    """It did not arrive: try again after a random time that grows, or give it up and say why.

    Args:
        engine: the database.
        one: the call, as it was taken.
        now_ms: milliseconds since 1970-01-01 UTC.
        error: why, without a secret.
        draw: gives a number in [0, 1).
        for_good: no other attempt would help.
    """
    if for_good or now_ms - one.made_ms >= GIVE_UP_MS:
        _change(engine, one, due_ms=None, ended_ms=now_ms, error=error)
    else:
        wait_ms = int(RETRY.delay_s(one.attempts, draw) * 1000)
        _change(engine, one, due_ms=now_ms + wait_ms, ended_ms=None, error=error)


def list_deliveries(
    con: Connection, before_id: int | None = None, limit: int = PAGE, sites: Collection[str] | None = None
) -> tuple[Delivery, ...]:
    """Calls, the newest first, below an id; those about no other than some sites, or all where none is named."""
    wanted: list[ColumnElement[bool]] = [] if before_id is None else [deliveries.c.id < before_id]
    wanted += [] if sites is None else [deliveries.c.sites.in_(_within(con, sites))]
    query = select(deliveries).where(*wanted).order_by(deliveries.c.id.desc()).limit(limit)
    return tuple(_delivery(row) for row in con.execute(query))


def _within(con: Connection, sites: Collection[str]) -> list[str]:
    """Of all that calls were about, what lies within these sites; few differ, for rules are few."""
    found = con.execute(select(deliveries.c.sites).distinct().where(deliveries.c.sites.is_not(None))).scalars()
    return [text for text in found if set(json.loads(text)) <= set(sites)]


def _change(engine: Engine, one: Delivery, **values: Any) -> None:
    """Write the end of an attempt, unless another has begun since."""
    mine = (deliveries.c.id == one.id, deliveries.c.attempts == one.attempts)
    with writing(engine) as con:
        con.execute(update(deliveries).where(*mine).values(**values))


def _delivery(row: Row[Any]) -> Delivery:
    told = (row.id, row.rule, row.target, row.body, row.made_ms, row.due_ms)
    return Delivery(*told, row.attempts, row.ended_ms, row.error)
