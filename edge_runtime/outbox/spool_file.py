"""The spool on disk: places are given, rows are written, freed and shed in one durable transaction at a time.

Promises: when `write` returns, the rows are on the medium; a sequence is given once in an epoch; every sequence below
`last_seq` is a row, is freed, or stands in a gap record. Not thread-safe: `Outbox` holds the lock.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from edge_contracts.durable_folder import sync_folder
from edge_contracts.gap import GapReason, SeqRange
from edge_contracts.message import SEQ_MAX
from edge_runtime.outbox.gap_records import GapRecords
from edge_runtime.outbox.handed import Handed
from edge_runtime.outbox.life_note import LifeNote, still_owed
from edge_runtime.outbox.spool_batch import Batch, Placed, SpooledRow
from edge_runtime.outbox.spool_errors import SpoolDamaged, SpoolRefused
from edge_runtime.outbox.spool_policy import PAGE_BYTES, RowClass, SpoolLimits, merged
from edge_runtime.outbox.spool_reserve import Reserve
from edge_runtime.outbox.spool_rows import SpoolRows
from edge_runtime.outbox.spool_schema import Life, connect, create_life, discard, load_life, remnants, set_aside
from edge_runtime.outbox.spool_tables import GAPS_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge_contracts.errors import BadInputError
    from edge_runtime.outbox.delivery_clock import Moment

_LOG = logging.getLogger(__name__)
EPOCH_BYTES: Final = 8
_SHED_MOST: Final = 64


class SpoolFile:
    """One open spool.

    Args:
        path: the SQLite file; made if it is absent, set aside if it is damaged.
        source: CloudEvents source of the device.
        limits: how much disk it may use.
        moment: now, for the gap that tells of a damaged predecessor.
        noise: gives n random bytes.
        known: the file's life as of the last commit, where it was open before.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        limits: SpoolLimits,
        moment: Moment,
        noise: Callable[[int], bytes] = os.urandom,
        known: Life | None = None,
    ) -> None:
        self._path = path
        self._source = source
        self._limits = limits
        self._noise = noise
        self._reserve = Reserve(path.with_name(f"{path.name}.reserve"), limits.reserve)
        self._note = LifeNote(path.with_name(f"{path.name}.life"))
        self.damaged = self._open(moment, known)
        found = path.stat()
        self._identity = found.st_dev, found.st_ino
        self._handed, self._gaps.handed = Handed(self._life.last_seq), self._life.last_seq
        self._reserve.hold()

    @property
    def life(self) -> Life:
        """The state as of the last commit."""
        return self._life

    @property
    def is_in_place(self) -> bool:
        """Whether the file still lies at its path; a deleted one could be written to, and would end with the daemon."""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # of a disk that does not answer nothing is known
        return (found.st_dev, found.st_ino) == self._identity

    @property
    def sent_through(self) -> int:
        """Everything up to here that is still a row can have been on the wire: found at opening, or read since.

        A row that was never sent cannot have been stored, whatever an acknowledgement says; a sequence that was shed
        can have been, by its gap.
        """
        query = "SELECT seq FROM rows WHERE seq > ? AND NOT (leaf = 'gap' AND seq <= ?) ORDER BY seq LIMIT 1"
        unsent: int | None = 0
        while unsent is not None and (handed_through := self._handed.holds(unsent)) is not None:
            unsent = next((seq for (seq,) in self._ask(query, (handed_through, self._gaps.handed))), None)
        return self._life.last_seq if unsent is None else unsent - 1

    def owe(self, alerts: int, minutes: int) -> None:
        """So many were refused and have no place yet: note it, for the case that nobody lives to give them one."""
        if (alerts, minutes) != (self._life.owed, self._life.owed_minutes):
            self._life.owed, self._life.owed_minutes = alerts, minutes
            self._note.keep(self._life, synced=True)

    def close(self) -> None:
        """Fold the log back and let go of the file."""
        self._note.keep(self._life, synced=True)
        self._note.close()
        self._con.close()

    def read(self, first: int, limit: int, last: int = SEQ_MAX) -> list[SpooledRow]:
        """Up to `limit` rows from sequence `first` to `last`, in order; they count as on the wire from now on.

        Raises:
            SpoolDamaged, SpoolRefused: the file can no longer be read.
        """
        query = "SELECT seq, leaf, body FROM rows WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?"
        rows = self._read(query, (first, last, limit))
        if rows:
            self._handed.note(first, rows[-1].seq)
        return rows

    def read_gaps(self, first: int, limit: int) -> list[SpooledRow]:
        """The same for gap records alone."""
        query = f"SELECT seq, leaf, body FROM {GAPS_TABLE} WHERE seq >= ? ORDER BY seq LIMIT ?"
        return self._read(query, (first, limit))

    def oldest_mono_ms(self) -> tuple[int, int] | None:
        """Sequence and monotonic time of the oldest row; None when the spool is empty."""
        rows = self._ask("SELECT seq, mono_ms FROM rows ORDER BY seq LIMIT 1", ())
        return (rows[0][0], rows[0][1]) if rows else None

    def write(self, batch: Batch) -> list[Placed | BadInputError]:
        """Do a batch in one durable transaction; on a full disk, once more with the reserve given up and rows shed.

        Raises:
            SpoolRefused: nothing of the batch was written.
            SpoolDamaged: the file is malformed.
        """
        self._reserve.hold()
        try:
            return self._transact(batch, room=0)
        except SpoolRefused as err:
            _LOG.warning("%s; the spool gives up its reserve and sheds", err)
        self._reserve.give_up()
        self._fold_log()
        return self._transact_shedding(batch)

    def _open(self, moment: Moment, known: Life | None) -> Path | None:
        """Open the file, or begin a new life; whatever life ended without being told of is told of first."""
        noted = self._note.read()
        ended = [life for life in (known, noted) if life]
        aside = None
        try:
            self._con = self._connected()
        except SpoolDamaged as err:
            ended += [life for life in (remnants(self._path),) if life]
            aside = set_aside(self._path, self._noise(4).hex())
            _LOG.error("%s; it is kept as %s and a new epoch begins", err, aside)
            self._con = self._connected()
        self._rows = SpoolRows(self._con, self._source, self._limits.batch_rows)
        self._gaps = GapRecords(self._con, self._rows, self._noise)
        self._life = load_life(self._con) or self._begin()
        if aside and not ended:
            _LOG.error("how many alerts %s held is not known; they are in no gap record", aside)
        self._life.owed, self._life.owed_minutes = still_owed(noted, self._life)
        self._tell_of_ended(ended, moment)
        self._note.keep(self._life, synced=True)
        return aside

    def _connected(self) -> sqlite3.Connection:
        """The file, open; to take over one of an older version on a full disk, the reserve is given up."""
        try:
            return connect(self._path, self._limits)
        except SpoolRefused:
            if not self._reserve.give_up():
                raise
        return connect(self._path, self._limits)

    def _begin(self) -> Life:
        epoch = self._noise(EPOCH_BYTES).hex()
        try:
            with _named_errors(self._path):
                create_life(self._con, epoch)
        except SpoolRefused:
            self._con.close()
            discard(self._path)
            raise
        sync_folder(self._path.parent)
        _LOG.info("new spool %s, epoch %s", self._path, epoch)
        return Life(epoch)

    def _tell_of_ended(self, ended: Sequence[Life], moment: Moment) -> None:
        """Gaps, in one transaction, for every other life: what it gave a place and did not free is lost."""
        others = [life for life in ended if life.epoch != self._life.epoch]
        lost: dict[str, SeqRange] = {}
        for epoch in dict.fromkeys(life.epoch for life in others):
            same = [life for life in others if life.epoch == epoch]
            last, freed = max(life.last_seq for life in same), max(life.freed_through for life in same)
            if last > freed:
                lost[epoch] = SeqRange(first=freed + 1, last=last)
                _LOG.error("the spool of epoch %s is lost; a gap tells of %d to %d", epoch, freed + 1, last)

        def insert(draft: Life) -> list[Placed | BadInputError]:
            for epoch, piece in lost.items():
                self._gaps.insert(draft, epoch, (piece,), GapReason.DAMAGED, moment)
            return []

        if lost:
            self._in_transaction(insert)

    def _read(self, query: str, values: tuple[int, ...]) -> list[SpooledRow]:
        rows = [SpooledRow(*row) for row in self._ask(query, values)]
        self._gaps.handed = max([self._gaps.handed, *(row.seq for row in rows if row.leaf == "gap")])
        return rows

    def _ask(self, query: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        with _named_errors(self._path):
            return self._con.execute(query, values).fetchall()

    def _transact(self, batch: Batch, room: int) -> list[Placed | BadInputError]:
        return self._in_transaction(lambda draft: self._apply(draft, batch, room))

    def _transact_shedding(self, batch: Batch, factor: int = 1) -> list[Placed | BadInputError]:
        """Shed a little; when the rows left behind keep every page in use, shed more."""
        try:
            return self._transact(batch, max(1, len(batch.letters)) * PAGE_BYTES * factor)
        except SpoolRefused:
            if factor >= _SHED_MOST:
                raise
        return self._transact_shedding(batch, factor * 4)

    def _in_transaction(self, work: Callable[[Life], list[Placed | BadInputError]]) -> list[Placed | BadInputError]:
        draft = replace(self._life)
        with _named_errors(self._path):
            self._con.execute("BEGIN IMMEDIATE")
            try:
                placed = work(draft)
                self._con.execute(
                    "UPDATE life SET last_seq = ?, freed_through = ?, session = ?",
                    (draft.last_seq, draft.freed_through, draft.session),
                )
                self._con.execute("COMMIT")
            except BaseException:
                if self._con.in_transaction:
                    self._con.execute("ROLLBACK")
                raise
        self._life = draft
        self._note.keep(draft)
        return placed

    def _apply(self, draft: Life, batch: Batch, room: int) -> list[Placed | BadInputError]:
        draft.session += batch.opens_session
        self._rows.free(draft, batch.free_through)
        shed = self._rows.shed(draft, room)
        placed = [self._rows.place(draft, letter) for letter in batch.letters]
        refused, forgone = _places(draft, batch.lost), _places(draft, batch.lost_minutes)
        draft.owed = max(0, draft.owed - batch.lost)
        draft.owed_minutes = max(0, draft.owed_minutes - batch.lost_minutes)
        shed += self._rows.shed(
            draft, self._limits.to_free(draft.used + (PAGE_BYTES if shed or refused or forgone else 0))
        )
        gone, minutes = (
            {one.seq for one in shed if one.row_class <= most} for most in (RowClass.KEPT, RowClass.STATISTICS)
        )
        self._gaps.note_loss(draft, [*minutes, *forgone], GapReason.STATISTICS, batch.moment)
        self._gaps.note_loss(draft, [*(gone - minutes), *refused], GapReason.SHED, batch.moment)
        if batch.freed_ranges:
            forgotten = merged([*batch.freed_ranges, *self._gaps.untold_holes(draft, batch.freed_ranges[-1].last)])
            self._gaps.insert(draft, draft.epoch, forgotten, GapReason.FREED, batch.moment)
        if draft.gap_bytes > self._limits.gaps_budget:
            self._gaps.fold(draft, self._limits.batch_rows, batch.moment)
        return [replace(p, kept=False) if isinstance(p, Placed) and p.seq in gone else p for p in placed]

    def _fold_log(self) -> None:
        """Move the log's pages into the database; the log keeps its blocks, which is the second reserve."""
        try:
            self._con.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.OperationalError as err:
            _LOG.warning("the spool's log %s-wal could not be folded back: %s", self._path, err)


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as the spool's own: OperationalError is the medium's trouble, its parent a malformed file."""
    try:
        yield
    except sqlite3.OperationalError as err:
        raise SpoolRefused(f"wanted the spool {path} written, found {err}: free or mend the disk") from err
    except sqlite3.DatabaseError as err:
        raise SpoolDamaged(f"wanted the spool {path} sound, found {err}") from err


def _places(draft: Life, count: int) -> range:
    """The next places, given to what has no row."""
    draft.last_seq += count
    return range(draft.last_seq - count + 1, draft.last_seq + 1)
