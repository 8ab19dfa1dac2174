"""The outbox: an alert is on disk before it is on the wire.

`append` returns only after its commit is durable; appends that are near in time share one commit (group commit), so
that a burst costs one write of the medium. Nothing here waits for a network, and a full or dead disk is an error within
`append`'s time-out, never a stalled inspection.

Example:
    outbox = Outbox(folder / "spool.sqlite", address, SpoolLimits(), SystemClock())
    outbox.start()
    receipt = outbox.append(alert)          # or: outbox.offer(alert).add_done_callback(count)
    outbox.stop()
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, LeptonError
from edge_contracts.gap import SeqRange
from edge_contracts.message import SEQ_MAX
from edge_runtime.outbox.commit_queue import CommitQueue
from edge_runtime.outbox.commit_window import WindowRule
from edge_runtime.outbox.commit_work import CommitWork, Receipt
from edge_runtime.outbox.envelope import NOISE_BYTES, Letter
from edge_runtime.outbox.spool_batch import Batch, Placed, SpooledRow
from edge_runtime.outbox.spool_errors import SpoolDamaged, SpoolRefused, SpoolShed
from edge_runtime.outbox.spool_file import SpoolFile
from edge_runtime.outbox.spool_policy import AckVerdict, FreedAnswer, SpoolLimits, judge_ack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_contracts.ack import Ack
    from edge_contracts.alert import Alert
    from edge_contracts.stats import Stats
    from edge_contracts.topics import DeviceAddress
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.outbox.spool_schema import Life

_LOG = logging.getLogger(__name__)
APPEND_TIMEOUT_S: Final = 5.0
_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class SpoolDepth:
    """What waits: rows, the bytes they are charged with, and the age of the oldest (a lower bound after a restart)."""

    rows: int
    bytes: int
    age_s: float


@dataclass(frozen=True, slots=True)
class OutboxCounters:
    """Since the daemon started.

    refused: alerts that no disk took. shed: alerts shed as they came. damaged: spools set aside.
    acks: acknowledgements by what they meant.
    """

    refused: int = 0
    shed: int = 0
    damaged: int = 0
    acks: dict[AckVerdict, int] = field(default_factory=dict)


class Outbox:
    """The spool with its writer thread; every method may be called from any thread.

    Args:
        path: the spool's file.
        address: of the device; becomes the source of every event.
        limits: how much disk may be used.
        clock: gives the moment of every letter.
        window_s: how long a commit waits for company while few alerts come.
        longest_window_s: how long while many come; None for no longer than that.
        noise: gives n random bytes.
    """

    def __init__(
        self,
        path: Path,
        address: DeviceAddress,
        limits: SpoolLimits,
        clock: DeliveryClock,
        *,
        window_s: float = 0.02,
        longest_window_s: float | None = None,
        noise: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._path, self._source, self._limits = path, address.source, limits
        self._clock, self._noise = clock, noise
        self._file_lock = threading.Lock()
        self._file = self._open()
        self._opened_ms = clock.now().mono_ms
        self._found_through = self._file.life.last_seq
        window = WindowRule(window_s, window_s if longest_window_s is None else longest_window_s)
        lost = CommitWork(lost=self._file.life.owed, lost_minutes=self._file.life.owed_minutes)
        self._queue = CommitQueue(clock, window, limits.batch_rows, lost)
        self._free_through = self._file.life.freed_through
        self._freed_answer = FreedAnswer()
        self._counters = OutboxCounters(damaged=int(self._file.damaged is not None))
        self._counting = threading.Lock()
        self._listener: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def epoch(self) -> str:
        """The life of the spool in use."""
        return self._file.life.epoch

    @property
    def last_seq(self) -> int:
        """Highest sequence that is durable."""
        return self._file.life.last_seq

    @property
    def freed_through(self) -> int:
        """Everything up to this sequence is acknowledged."""
        return self._free_through

    @property
    def counters(self) -> OutboxCounters:
        """What went wrong and what was acknowledged, since the daemon started."""
        with self._counting:
            return replace(self._counters, acks=dict(self._counters.acks))

    @property
    def running(self) -> bool:
        """Whether the writer's thread is alive."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the writer."""
        self._thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Write what waits, close the file and end the writer; what no disk takes is in the ledger of the next start.

        Returns:
            Whether the writer ended in time; if not, the medium hangs and the file stays open. What waited is refused
            then, and enters the ledger only if the medium answers before the process ends.
        """
        self._queue.close()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                self._give_up(timeout_s)
                return False
            self._thread = None
        self._note_owed()
        self._file.close()
        return True

    def on_change(self, listener: Callable[[], None] | None) -> None:
        """Have `listener`, and no other, called from the writer's thread whenever rows were added."""
        self._listener = listener

    def offer(self, told: Alert | Stats) -> Future[Receipt]:
        """Hand over an alert or a minute without waiting; the future ends when it is durable, or in a `LeptonError`.

        A minute is in no hurry: it waits up to a second for an alert to share a commit with, and changes no alert's
        wait. One that no disk took is the caller's to offer again or to `write_off`; the ledger has only the latter.
        """
        future: Future[Receipt] = Future()
        future.set_running_or_notify_cancel()
        letter = Letter(told, self._clock.now(), self._noise(NOISE_BYTES))
        if (why := self._queue.put(letter, future)) is not None:
            self._count(refused=int(not letter.is_patient))
            future.set_exception(SpoolRefused(f"wanted an alert on disk, found that {why}: check the disk"))
        return future

    def write_off(self, minutes: int) -> None:
        """So many minutes were refused and will not be told again: they enter the loss ledger."""
        self._queue.lose(minutes=minutes)

    def append(self, alert: Alert, timeout_s: float = APPEND_TIMEOUT_S) -> Receipt:
        """Hand over an alert and wait until it is durable.

        Raises:
            SpoolRefused: it is not durable (disk full or dead, or shed at once from a full spool). It is counted, and
                enters the loss ledger with the next commit that succeeds. After a time-out it may still become durable.
            BadInputError: it is larger than a message may be.
        """
        try:
            return self.offer(alert).result(timeout_s)
        except FutureTimeout as err:
            raise SpoolRefused(f"wanted an alert durable within {timeout_s} s, found the disk busy: check it") from err

    def next_session(self) -> int:
        """Count one more connection, durably; where the disk refuses, the number still grows within this process."""
        future = self._queue.open_session()
        return self._file.life.session + 1 if future is None else future.result(APPEND_TIMEOUT_S)

    def acknowledge(self, ack: Ack) -> AckVerdict:
        """Free what the manager has stored; anything else it may say is counted and frees nothing."""
        with self._file_lock, self._queue.changed:
            verdict = judge_ack(
                ack, epoch=self.epoch, freed_through=self._free_through, sent_through=self._file.sent_through
            )
            self._take(verdict, ack.seq)
        with self._counting:
            self._counters.acks[verdict] = self._counters.acks.get(verdict, 0) + 1
        return verdict

    def read(self, first: int, limit: int, last: int = SEQ_MAX) -> list[SpooledRow]:
        """Up to `limit` durable rows from sequence `first` to `last`; from now on they count as on the wire."""
        return self._reading(lambda file: file.read(first, limit, last))

    def read_gaps(self, first: int, limit: int) -> list[SpooledRow]:
        """The same for gap records alone."""
        return self._reading(lambda file: file.read_gaps(first, limit))

    def depth(self) -> SpoolDepth:
        """What waits for an acknowledgement."""
        with self._file_lock:
            life, oldest = self._file.life, self._file.oldest_mono_ms()
        since = 0.0
        if oldest is not None:
            born_ms = self._opened_ms if oldest[0] <= self._found_through else oldest[1]
            since = max(0.0, (self._clock.now().mono_ms - born_ms) / _MS_PER_S)
        return SpoolDepth(life.rows, life.used, since)

    def drained(self, timeout_s: float) -> bool:
        """Wait until everything is durable and acknowledged; says whether that came true in time."""
        with self._queue.changed:
            return self._queue.changed.wait_for(self._is_drained, timeout_s)

    def _take(self, verdict: AckVerdict, seq: int) -> None:
        if verdict is AckVerdict.FREES:
            self._free_through = seq
            self._queue.free(self.epoch, seq)
        if verdict in {AckVerdict.FREES, AckVerdict.NOTHING_NEW}:
            self._freed_answer.higher_seen()
        if verdict is AckVerdict.ASKS_FOR_FREED and self._freed_answer.is_due(seq, self._clock.now().mono_ms):
            self._queue.tell_freed(self.epoch, [SeqRange(first=seq + 1, last=self._free_through)])

    def _is_drained(self) -> bool:
        return not self._queue.has_letters and self._free_through >= self._file.life.last_seq

    def _open(self, known: Life | None = None) -> SpoolFile:
        """Open the spool; `known` is its life as of the last commit, for the ledger of a file that no longer tells."""
        return SpoolFile(self._path, self._source, self._limits, self._clock.now(), self._noise, known)

    def _reading(self, read: Callable[[SpoolFile], list[SpooledRow]]) -> list[SpooledRow]:
        """Read; a file that is found damaged is replaced at once, so that its gap need not wait for the next alert."""
        with self._file_lock:
            try:
                return read(self._file)
            except SpoolDamaged:
                _LOG.exception("the spool is damaged while in use")
                self._begin_again()
        return []

    def _run(self) -> None:
        is_well = True
        while (is_well or not self._queue.is_closed) and (work := self._queue.next()) is not None:
            is_well = self._do_or_fail(work)
        if not (rest := self._queue.rest()).is_empty:
            self._fail(rest, SpoolRefused("wanted an alert on disk, found that it took none at the stop"))

    def _give_up(self, timeout_s: float) -> None:
        """The medium hangs: the note beside the spool would hang too, so only the log can say it."""
        rest = self._queue.rest()
        self._queue.lose(alerts=rest.alerts)
        self._answer(rest, SpoolRefused(f"wanted an alert on disk within {timeout_s} s, found the disk busy"))
        _LOG.error(
            "wanted the outbox stopped within %s s, found it writing: check the disk; what it writes, and %d alerts "
            "and %d minutes behind that, are in no ledger unless the disk answers before the process ends",
            timeout_s,
            *self._queue.owed,
        )

    def _do_or_fail(self, work: CommitWork) -> bool:
        try:
            self._do(work)
        except Exception as err:  # noqa: BLE001 - the writer must outlive any fault; it counts and says it
            self._fail(work, err)
            return False
        return True

    def _do(self, work: CommitWork) -> None:
        with self._file_lock:
            is_of_this_life = work.epoch == self.epoch
            batch = Batch(
                moment=self._clock.now(),
                letters=[letter for letter, _ in work.letters],
                free_through=work.free_through if is_of_this_life else 0,
                lost=work.lost,
                lost_minutes=work.lost_minutes,
                freed_ranges=work.freed_ranges if is_of_this_life else (),
                opens_session=bool(work.sessions),
            )
            placed = self._write(batch)
            session = self._file.life.session
        for (letter, future), where in zip(work.letters, placed, strict=True):
            self._tell(letter, future, where)
        for waiting in work.sessions:
            waiting.set_result(session)
        with self._queue.changed:
            if self._file.life.freed_through < batch.free_through <= self._free_through:
                self._queue.free(work.epoch, batch.free_through)
            self._queue.changed.notify_all()
        self._note_owed()
        if work.adds_rows and (listener := self._listener) is not None:
            listener()

    def _note_owed(self) -> None:
        """Before anybody is told that an alert is refused: who is killed now leaves its loss to the next start."""
        owed = self._queue.owed
        with self._file_lock:
            self._file.owe(*owed)

    def _write(self, batch: Batch) -> Sequence[Placed | BadInputError]:
        try:
            return self._file.write(batch)
        except SpoolDamaged:
            _LOG.exception("the spool is damaged while in use")
            self._begin_again()
            return self._file.write(replace(batch, free_through=0, freed_ranges=()))

    def _begin_again(self) -> None:
        """Set the damaged file aside; what it held and the manager had not stored is told by a gap."""
        life = replace(self._file.life, freed_through=max(self._file.life.freed_through, self._free_through))
        self._file.close()
        self._file = self._open(life)
        self._free_through = self._found_through = 0
        self._count(damaged=1)

    def _tell(self, letter: Letter, future: Future[Receipt], where: Placed | BadInputError) -> None:
        if isinstance(where, BadInputError):
            self._count(refused=1)
            future.set_exception(where)
        elif where.kept:
            future.set_result(Receipt(where.epoch, where.seq, where.event_id))
        else:
            self._count(shed=int(not letter.is_patient))
            future.set_exception(SpoolShed(f"wanted room for {where.seq}, found the spool full: it is in the ledger"))

    def _fail(self, work: CommitWork, err: Exception) -> None:
        """Give the waiting their answer; the loss stays in memory and in the note until a commit can tell it."""
        _LOG.error("the outbox could not write %d alerts and minutes: %s", len(work.letters), err)
        with self._queue.changed:
            self._queue.lose(work.lost + work.alerts, work.lost_minutes)
            if work.epoch == self.epoch:
                self._queue.free(work.epoch, work.free_through)
                self._queue.tell_freed(work.epoch, work.freed_ranges)
        self._note_owed()
        self._answer(work, err)

    def _answer(self, work: CommitWork, err: Exception) -> None:
        self._count(refused=work.alerts)
        answer = err if isinstance(err, LeptonError) else SpoolRefused(f"wanted an alert on disk, found {err!r}")
        for _, future in work.letters:
            future.set_exception(answer)
        for waiting in work.sessions:
            self._file.life.session += 1
            waiting.set_result(self._file.life.session)

    def _count(self, refused: int = 0, shed: int = 0, damaged: int = 0) -> None:
        with self._counting:
            now = self._counters
            self._counters = replace(
                now, refused=now.refused + refused, shed=now.shed + shed, damaged=now.damaged + damaged
            )
