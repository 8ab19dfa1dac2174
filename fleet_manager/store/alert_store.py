"""The store of alerts: durable and once, and how far each device is stored without a hole.

Promises: when `take` returns, the arrivals are on the medium; one (device, epoch, seq) is one row, however often it
came; a different message for an occupied place is not dropped but kept in quarantine.

Several processes may take batches of the same devices into one PostgreSQL: each holds the devices of its batch, by
their rows of `progress` and in one order, so that none waits for another in a circle.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, OperationalError

from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.command import Reply
from edge_contracts.configuration import Reported
from edge_contracts.device import Birth, State, Status
from edge_contracts.gap import GapEvent
from edge_contracts.stats import StatsEvent
from fleet_manager.store.commands import hear_replies
from fleet_manager.store.database import database_url, open_database, writing
from fleet_manager.store.dialect_insert import insert_into, insert_rows
from fleet_manager.store.migration import migrate
from fleet_manager.store.minute_rows import minute_rows
from fleet_manager.store.plain_text import plain_text
from fleet_manager.store.presence import note
from fleet_manager.store.progress import Lives, held_progress, move_on
from fleet_manager.store.refusals import keep_refused
from fleet_manager.store.tables import alerts, gap_ranges, gaps, identity, minutes, places, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

    from fleet_manager.arrival import Arrival

_CONFLICT: Final = "another message has this place: two devices with one identity, or a spool that lost commits"


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be acknowledged: everything up to `through` is stored."""

    address: str
    epoch: str
    through: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch.

    alerts: those that are new. refused: those in quarantine, new or again.
    duplicates: arrivals that were stored already.
    words: one per device and epoch that had a place in the batch, or announced itself; not for the ended life that a
        gap tells of, because no spool waits for that word.
    """

    alerts: tuple[Arrival, ...]
    refused: tuple[Arrival, ...]
    duplicates: int
    words: tuple[Word, ...]


@dataclass(slots=True)
class _Sorted:
    """A batch, by what is to be done with it; of several arrivals for one place the first is in `placed`."""

    said: list[Arrival] = field(default_factory=list)
    answers: list[Arrival] = field(default_factory=list)
    placed: dict[tuple[str, str, int], Arrival] = field(default_factory=dict)
    again: list[Arrival] = field(default_factory=list)
    refused: list[Arrival] = field(default_factory=list)
    duplicates: int = 0


class AlertStore:
    """The alerts of one database.

    Args:
        engine: of a database that is migrated.
        unix_ms: the wall clock, for the time of storing.
    """

    def __init__(self, engine: Engine, unix_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._unix_ms = unix_ms
        self._insert: Callable[[Table], Any] = partial(insert_into, engine)

    @classmethod
    def open(cls, where: str | Path, unix_ms: Callable[[], int]) -> AlertStore:
        """The store in a SQLite file, or at a database's URL; made if it is empty.

        Raises:
            BadInputError: there is none, and none can be made.
            MissingExtraError: PostgreSQL is wanted and its driver is not installed.
            StoreUnavailable: it cannot be reached.
        """
        engine = open_database(database_url(where))
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, unix_ms)

    @property
    def engine(self) -> Engine:
        """The database, for whoever reads beside us."""
        return self._engine

    @property
    def client_id(self) -> str:
        """The MQTT client id that belongs to this store."""
        with self._engine.connect() as con:
            return str(con.execute(select(identity.c.client_id)).scalar_one())

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def take(self, arrivals: Sequence[Arrival]) -> Taken:
        """Store a batch in one durable transaction.

        A message that breaks the storing must not stop the rest: then each is tried by itself, and the one that breaks
        it is kept in quarantine.

        Raises:
            StoreUnavailable: the database takes nothing just now; nothing of the batch is stored.
        """
        try:
            with writing(self._engine) as con:
                return self._take_all(con, arrivals)
        except OSError:
            raise
        except Exception as err:
            if isinstance(err, DBAPIError) and err.connection_invalidated:
                raise
        with writing(self._engine) as con:
            return _together([self._take_or_refuse(con, arrival) for arrival in arrivals])

    def through(self, address: str, epoch: str) -> int:
        """Highest contiguous stored sequence; 0 when nothing of the epoch is stored."""
        query = select(progress.c.through).where(progress.c.address == address, progress.c.epoch == epoch)
        with self._engine.connect() as con:
            return int(con.execute(query).scalar() or 0)

    def _take_or_refuse(self, con: Connection, arrival: Arrival) -> Taken:
        try:
            with con.begin_nested():
                return self._take_all(con, [arrival])
        except OperationalError:
            raise
        except Exception as err:  # noqa: BLE001 - whatever one message does to the storing, it is kept and the rest goes on
            name = arrival.event_id or f"sha256:{hashlib.sha256(arrival.body).hexdigest()}"
            why = f"the store could not take it: {type(err).__name__}: {str(err).partition(chr(10))[0]}"
            with con.begin_nested():
                return self._take_all(con, [replace(arrival, event_id=name, content=None, why=why)])

    def _take_all(self, con: Connection, arrivals: Sequence[Arrival]) -> Taken:
        batch = _sorted(arrivals)
        lives = held_progress(con, self._insert, _lives_of(batch))
        new = self._claim(con, batch, lives)
        stored = [one for one in new if isinstance(one.content, AlertEvent)]
        told = [one for one in new if isinstance(one.content, GapEvent)]
        batch.refused += [one for one in new if one.content is None]
        self._insert_alerts(con, stored)
        self._insert_gaps(con, told)
        self._insert_minutes(con, [one for one in new if isinstance(one.content, StatsEvent)])
        note(con, self._insert, batch.said, self._unix_ms())
        batch.refused += hear_replies(con, batch.answers, self._unix_ms())
        keep_refused(con, self._insert, batch.refused, self._unix_ms())
        move_on(con, lives, new, _covered(told))
        touched = dict.fromkeys((one.address, one.epoch) for one in arrivals if one.address and one.epoch is not None)
        words = tuple(Word(address, epoch, lives[address, epoch].through) for address, epoch in touched)
        return Taken(tuple(stored), tuple(batch.refused), batch.duplicates, words)

    def _claim(self, con: Connection, batch: _Sorted, lives: Lives) -> list[Arrival]:
        """Those whose place was free, in the order in which they came."""
        free = {place for place in batch.placed if place[2] > lives[place[:2]].top}  # nothing lies above a life's top
        insert_rows(con, places, [_place_row(one) for place, one in batch.placed.items() if place in free])
        if below := [_place_row(one) for place, one in batch.placed.items() if place not in free]:
            statement = (
                self._insert(places).on_conflict_do_nothing().returning(places.c.address, places.c.epoch, places.c.seq)
            )
            free |= {(address, epoch, seq) for address, epoch, seq in con.execute(statement, below)}
        for place, one in batch.placed.items():
            if place not in free:
                self._meet(con, place, one, batch)
        for one in batch.again:
            self._meet(con, (one.address, one.epoch, one.seq), one, batch)
        return [one for place, one in batch.placed.items() if place in free]

    def _meet(self, con: Connection, place: tuple[Any, ...], one: Arrival, batch: _Sorted) -> None:
        """An arrival for a place that is taken: the same message again, or a stranger."""
        address, epoch, seq = place
        query = select(places.c.event_id).where(
            places.c.address == address, places.c.epoch == epoch, places.c.seq == seq
        )
        if con.execute(query).scalar_one() == one.event_id:
            batch.duplicates += 1
        else:
            batch.refused.append(replace(one, why=_CONFLICT))

    def _insert_alerts(self, con: Connection, stored: Sequence[Arrival]) -> None:
        now_ms = self._unix_ms()
        insert_rows(con, alerts, [_alert_row(one, now_ms) for one in stored])

    def _insert_gaps(self, con: Connection, told: Sequence[Arrival]) -> None:
        if not told:
            return
        now_ms = self._unix_ms()
        con.execute(
            insert(gaps),
            [{**_place(one), "event_id": one.event_id, "stored_ms": now_ms, "body": one.body.decode()} for one in told],
        )
        con.execute(insert(gap_ranges), _covered(told))

    def _insert_minutes(self, con: Connection, told: Sequence[Arrival]) -> None:
        now_ms = self._unix_ms()
        if rows := [row for one in told for row in minute_rows(one, now_ms)]:
            con.execute(insert(minutes), rows)


def _sorted(arrivals: Sequence[Arrival]) -> _Sorted:
    batch = _Sorted()
    for one in arrivals:
        if isinstance(one.content, Birth | Status | State | Alarm | Reported):
            batch.said.append(one)
        elif isinstance(one.content, Reply):
            batch.answers.append(one)
        elif one.seq is None or one.epoch is None:
            batch.refused.append(one)
        elif (held := batch.placed.setdefault((one.address, one.epoch, one.seq), one)) is one:
            continue
        elif held.event_id == one.event_id:
            batch.duplicates += 1
        else:
            batch.again.append(one)
    return batch


def _lives_of(batch: _Sorted) -> set[tuple[str, str]]:
    lives = {(address, epoch) for address, epoch, _ in batch.placed}
    lives |= {(one.address, one.epoch) for one in batch.said if one.epoch is not None}
    for one in batch.placed.values():
        if isinstance(one.content, GapEvent):
            lives.add((one.address, one.content.data.of_epoch))
    return lives


def _together(parts: Sequence[Taken]) -> Taken:
    words = {(word.address, word.epoch): word for part in parts for word in part.words}
    return Taken(
        tuple(one for part in parts for one in part.alerts),
        tuple(one for part in parts for one in part.refused),
        sum(part.duplicates for part in parts),
        tuple(words.values()),
    )


def _alert_row(one: Arrival, now_ms: int) -> dict[str, Any]:
    event = one.content
    if not isinstance(event, AlertEvent):
        raise TypeError("wanted an alert")
    data = event.data
    return {
        **_place(one),
        "site": one.site,
        "event_id": one.event_id,
        "time_ms": int(event.time.timestamp() * 1000),
        "stored_ms": now_ms,
        "point": data.point,
        "part": plain_text(data.part),
        "outcome": data.outcome.value,
        "cause": data.cause.value,
        "severity": data.severity.value,
        "label": None if data.label is None else plain_text(data.label),
        "score": data.score,
        "model": data.model,
        "count": data.count,
        "body": one.body.decode(),
    }


def _place(one: Arrival) -> dict[str, Any]:
    return {"address": one.address, "epoch": one.epoch, "seq": one.seq}


def _place_row(one: Arrival) -> dict[str, Any]:
    return {**_place(one), "event_id": one.event_id}


def _covered(told: Sequence[Arrival]) -> list[dict[str, Any]]:
    """The ranges of gaps, as rows."""
    return [
        {
            "address": one.address,
            "epoch": one.content.data.of_epoch,
            "first": piece.first,
            "last": piece.last,
            "why": one.content.data.why.value,
        }
        for one in told
        if isinstance(one.content, GapEvent)
        for piece in one.content.data.ranges
    ]
