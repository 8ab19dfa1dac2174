"""The store: alerts durable and once, and how far each device is stored without a hole.

Promises: when `take` returns, the arrivals are on the medium; one (device, epoch, seq) is one row, however often it
came; a different message for an occupied place is not dropped but kept in quarantine.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_contracts.device import Birth
from edge_contracts.gap import GapEvent, GapReason
from fleet_manager.contiguity import Range, advance, merge, subtract
from fleet_manager.ledger import DeviceLedger
from fleet_manager.store_schema import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge_contracts.alert import AlertEvent
    from fleet_manager.arrival import Arrival

_CONFLICT: Final = "another message has this place: two devices with one identity, or a spool that lost commits"
_ROW_FAULTS: Final = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""SQLite's errors that one row causes; every other one is the medium's or the file's."""
_LEDGER_ORDER: Final = (GapReason.SHED, GapReason.DAMAGED, GapReason.REFUSED, GapReason.FREED)


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


class AlertStore:
    """One SQLite file.

    Args:
        path: the file; made if it is absent.
        unix_ms: the wall clock, for the time of storing.
    """

    def __init__(self, path: Path, unix_ms: Callable[[], int]) -> None:
        self._con = open_store(path)
        self._unix_ms = unix_ms

    @property
    def client_id(self) -> str:
        """The MQTT client id that belongs to this store."""
        return str(self._con.execute("SELECT client_id FROM identity").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._con.close()

    def take(self, arrivals: Sequence[Arrival]) -> Taken:
        """Store a batch in one durable transaction.

        Raises:
            sqlite3.OperationalError: the medium refuses; nothing of the batch is stored.
        """
        self._con.execute("BEGIN IMMEDIATE")
        try:
            taken = self._take_all(arrivals)
            self._con.execute("COMMIT")
        except BaseException:
            if self._con.in_transaction:
                self._con.execute("ROLLBACK")
            raise
        return taken

    def through(self, address: str, epoch: str) -> int:
        """Highest contiguous stored sequence; 0 when nothing of the epoch is stored."""
        row = self._con.execute(
            "SELECT through FROM progress WHERE address = ? AND epoch = ?", (address, epoch)
        ).fetchone()
        return int(row[0]) if row else 0

    def ledger(self) -> list[DeviceLedger]:
        """What each device has stored, lost, refused and still missing."""
        query = (
            "SELECT DISTINCT address FROM places UNION SELECT address FROM devices UNION SELECT address FROM refused"
        )
        return [self._ledger_of(address) for (address,) in self._con.execute(query + " ORDER BY 1").fetchall()]

    def _take_all(self, arrivals: Sequence[Arrival]) -> Taken:
        alerts: list[Arrival] = []
        refused: list[Arrival] = []
        duplicates = 0
        touched: dict[tuple[str, str], None] = {}
        for arrival in arrivals:
            duplicates += self._take_or_refuse(arrival, alerts, refused)
            if arrival.address and arrival.epoch is not None:
                touched[arrival.address, arrival.epoch] = None
            if isinstance(arrival.content, GapEvent):
                self._advance(arrival.address, arrival.content.data.of_epoch)
        words = tuple(Word(*key, self._advance(*key)) for key in touched)
        return Taken(tuple(alerts), tuple(refused), duplicates, words)

    def _take_or_refuse(self, arrival: Arrival, alerts: list[Arrival], refused: list[Arrival]) -> bool:
        """Store one arrival, or refuse it and keep it: a message that breaks the storing must not stop the rest."""
        self._con.execute("SAVEPOINT one")
        try:
            return self._take_one(arrival, alerts, refused)
        except Exception as err:
            if isinstance(err, sqlite3.Error) and not isinstance(err, _ROW_FAULTS):
                raise
            self._con.execute("ROLLBACK TO one")
            name = arrival.event_id or f"sha256:{hashlib.sha256(arrival.body).hexdigest()}"
            why = f"the store could not take it: {type(err).__name__}: {err}"
            return self._take_one(replace(arrival, event_id=name, content=None, why=why), alerts, refused)
        finally:
            if self._con.in_transaction:
                self._con.execute("RELEASE one")

    def _take_one(self, arrival: Arrival, alerts: list[Arrival], refused: list[Arrival]) -> bool:
        """Store one arrival; says whether it was there already."""
        content = arrival.content
        if isinstance(content, Birth):
            self._note_birth(arrival, content)
            return False
        holder = self._claim(arrival) if arrival.seq is not None else None
        if holder == arrival.event_id:
            return True
        if holder is not None or content is None:
            stranger = replace(arrival, why=_CONFLICT) if holder is not None else arrival
            self._quarantine(stranger)
            refused.append(stranger)
        elif isinstance(content, GapEvent):
            self._insert_gap(arrival, content)
        else:
            self._insert_alert(arrival, content)
            alerts.append(arrival)
        return False

    def _claim(self, arrival: Arrival) -> str | None:
        """Take the place; says who holds it when it is taken."""
        place = (arrival.address, arrival.epoch, arrival.seq)
        cursor = self._con.execute("INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?)", (*place, arrival.event_id))
        if cursor.rowcount:
            return None
        row = self._con.execute(
            "SELECT event_id FROM places WHERE address = ? AND epoch = ? AND seq = ?", place
        ).fetchone()
        return str(row[0])

    def _insert_alert(self, arrival: Arrival, event: AlertEvent) -> None:
        data = event.data
        self._con.execute(
            "INSERT INTO alerts (address, epoch, seq, event_id, time, point, part, outcome, cause, severity, count,"
            " stored_unix_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(arrival.address, arrival.epoch, arrival.seq, arrival.event_id, event.time.isoformat()),
                *(data.point, data.part, data.outcome.value, data.cause.value, data.severity.value, data.count),
                *(self._unix_ms(), arrival.body.decode()),
            ),
        )

    def _insert_gap(self, arrival: Arrival, event: GapEvent) -> None:
        place = (arrival.address, arrival.epoch, arrival.seq, arrival.event_id)
        self._con.execute(
            "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?)", (*place, self._unix_ms(), arrival.body.decode())
        )
        gap = event.data
        self._con.executemany(
            "INSERT INTO gap_ranges VALUES (?, ?, ?, ?, ?)",
            [(arrival.address, gap.of_epoch, piece.first, piece.last, gap.why.value) for piece in gap.ranges],
        )

    def _quarantine(self, arrival: Arrival) -> None:
        key = (arrival.topic, arrival.event_id)
        self._con.execute(
            "INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)"
            " ON CONFLICT (topic, event_id) DO UPDATE SET times = times + 1",
            (*key, arrival.address, arrival.epoch, arrival.seq, arrival.why, self._unix_ms(), arrival.body),
        )

    def _note_birth(self, arrival: Arrival, birth: Birth) -> None:
        self._con.execute(
            "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?)",
            (arrival.address, birth.epoch, birth.ack, birth.version, arrival.body.decode()),
        )

    def _advance(self, address: str, epoch: str) -> int:
        before = self.through(address, epoch)
        after = advance(before, self._stored_above(address, epoch, before), self._gaps_above(address, epoch, before))
        if after != before:
            self._con.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", (address, epoch, after))
        return after

    def _stored_above(self, address: str, epoch: str, through: int) -> Iterator[int]:
        query = "SELECT seq FROM places WHERE address = ? AND epoch = ? AND seq > ? ORDER BY seq"
        for (seq,) in self._con.execute(query, (address, epoch, through)):
            yield seq

    def _gaps_above(self, address: str, epoch: str, through: int) -> list[Range]:
        query = "SELECT first, last FROM gap_ranges WHERE address = ? AND epoch = ? AND last > ? ORDER BY first"
        return self._con.execute(query, (address, epoch, through)).fetchall()

    def _ledger_of(self, address: str) -> DeviceLedger:
        one = (address,)
        stored = self._con.execute("SELECT count(*) FROM alerts WHERE address = ?", one).fetchone()[0]
        refused = self._con.execute("SELECT count(*) FROM refused WHERE address = ?", one).fetchone()[0]
        ack = self._con.execute("SELECT ack FROM devices WHERE address = ?", one).fetchone()
        epochs = self._con.execute(
            "SELECT epoch FROM places WHERE address = ? UNION SELECT epoch FROM gap_ranges WHERE address = ?", one * 2
        ).fetchall()
        lost = dict.fromkeys(_LEDGER_ORDER, 0)
        missing = 0
        for (epoch,) in epochs:
            missing += self._missing(address, epoch)
            for why, count in self._lost(address, epoch):
                lost[why] += count
        return DeviceLedger(address, stored, {k: v for k, v in lost.items() if v}, refused, missing, ack != ("broker",))

    def _lost(self, address: str, epoch: str) -> Iterator[tuple[GapReason, int]]:
        """Sequences in gaps that are not stored after all, each counted under one reason."""
        counted: list[Range] = []
        for why in _LEDGER_ORDER:
            query = "SELECT first, last FROM gap_ranges WHERE address = ? AND epoch = ? AND why = ?"
            ranges = merge(self._con.execute(query, (address, epoch, why.value)).fetchall())
            new = subtract(ranges, counted)
            counted += new
            yield why, sum(last - first + 1 - self._stored_within(address, epoch, first, last) for first, last in new)

    def _stored_within(self, address: str, epoch: str, first: int, last: int) -> int:
        query = "SELECT count(*) FROM places WHERE address = ? AND epoch = ? AND seq BETWEEN ? AND ?"
        return int(self._con.execute(query, (address, epoch, first, last)).fetchone()[0])

    def _missing(self, address: str, epoch: str) -> int:
        """Sequences below the highest stored one that neither arrived nor stand in a gap."""
        through = self.through(address, epoch)
        query = "SELECT coalesce(max(seq), 0) FROM places WHERE address = ? AND epoch = ?"
        top = int(self._con.execute(query, (address, epoch)).fetchone()[0])
        if top <= through:
            return 0
        holes = subtract([(through + 1, top)], self._gaps_above(address, epoch, through))
        return sum(last - first + 1 - self._stored_within(address, epoch, first, last) for first, last in holes)
