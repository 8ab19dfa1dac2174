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
from edge_runtime.outbox.commit_window import ArrivalRate, WindowRule
from edge_runtime.outbox.commit_work import CommitWork, Receipt
from edge_runtime.outbox.envelope import Letter
from edge_runtime.outbox.spool_errors import SpoolDamaged, SpoolRefused, SpoolShed
from edge_runtime.outbox.spool_file import NOISE_BYTES, Batch, Placed, SpooledRow, SpoolFile
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
LONGEST_QUEUE: Final = 1024
"""Alerts that wait for the disk; more means that the medium has stopped, and the next is refused at once."""
FREE_WINDOW_S: Final = 1.0
"""An acknowledgement waits this long for an append to share a commit with; losing it costs a re-send, no alert."""
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
        self._window = WindowRule(window_s, window_s if longest_window_s is None else longest_window_s)
        self._rate = ArrivalRate()
        self._file_lock = threading.Lock()
        self._file = self._open()
        self._opened_ms = clock.now().mono_ms
        self._found_through = self._file.life.last_seq
        self._wake = threading.Condition()
        self._work = CommitWork(lost=self._file.life.owed)
        self._stopping = False
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
        with self._wake:
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
        """Write what waits, close the file and end the writer.

        Returns:
            Whether the writer ended in time; if not, the medium hangs and the file stays open.
        """
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                _LOG.error("wanted the outbox stopped within %s s, found it writing: check the disk", timeout_s)
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
        wait. One that no disk took is the caller's to keep; nothing is said of it in the ledger.
        """
        future: Future[Receipt] = Future()
        future.set_running_or_notify_cancel()
        letter = Letter(told, self._clock.now(), self._noise(NOISE_BYTES))
        with self._wake:
            if self._stopping or len(self._work.letters) >= LONGEST_QUEUE:
                self._refuse_now(letter, future)
                return future
            if not letter.is_patient:
                self._rate.arrived(letter.moment.mono_ms / _MS_PER_S)
            self._work.letters.append((letter, future))
            self._wake.notify_all()
        return future

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
        future: Future[int] = Future()
        with self._wake:
            if self._stopping:
                return self._file.life.session + 1
            self._work.sessions.append(future)
            self._wake.notify_all()
        return future.result(APPEND_TIMEOUT_S)

    def acknowledge(self, ack: Ack) -> AckVerdict:
        """Free what the manager has stored; anything else it may say is counted and frees nothing."""
        with self._file_lock, self._wake:
            verdict = judge_ack(
                ack, epoch=self.epoch, freed_through=self._free_through, sent_through=self._file.sent_through
            )
            self._counters.acks[verdict] = self._counters.acks.get(verdict, 0) + 1
            self._take(verdict, ack.seq)
            self._wake.notify_all()
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
        with self._wake:
            return self._wake.wait_for(self._is_drained, timeout_s)

    def _take(self, verdict: AckVerdict, seq: int) -> None:
        self._work.epoch = self.epoch
        if verdict is AckVerdict.FREES:
            self._free_through = self._work.free_through = seq
        if verdict in {AckVerdict.FREES, AckVerdict.NOTHING_NEW}:
            self._freed_answer.higher_seen()
        if verdict is AckVerdict.ASKS_FOR_FREED and self._freed_answer.is_due(seq, self._clock.now().mono_ms):
            self._work.freed_ranges.append(SeqRange(first=seq + 1, last=self._free_through))

    def _is_drained(self) -> bool:
        return not self._work.letters and self._free_through >= self._file.life.last_seq

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

    def _refuse_now(self, letter: Letter, future: Future[Receipt]) -> None:
        self._work.lost += not letter.is_patient
        self._count(refused=int(not letter.is_patient))
        why = "the outbox is stopped" if self._stopping else f"{LONGEST_QUEUE} alerts wait for it"
        future.set_exception(SpoolRefused(f"wanted an alert on disk, found that {why}: check the disk"))

    def _run(self) -> None:
        is_well = True
        while (is_well or not self._stopping) and (work := self._next_work()) is not None:
            is_well = self._do_or_fail(work)

    def _do_or_fail(self, work: CommitWork) -> bool:
        try:
            self._do(work)
        except Exception as err:  # noqa: BLE001 - the writer must outlive any fault; it counts and says it
            _LOG.error("the outbox could not write %d alerts: %s", len(work.letters), err)
            self._fail(work, err)
            return False
        return True

    def _next_work(self) -> CommitWork | None:
        with self._wake:
            self._wake.wait_for(lambda: not self._work.is_empty or self._stopping)
            if not self._work.is_pressing:
                self._wake.wait_for(lambda: self._work.is_pressing or self._stopping, FREE_WINDOW_S)
            if (oldest := self._work.oldest_awaited) is not None:
                self._wake.wait_for(self._is_company_enough, self._wait_left_s(oldest))
            if self._work.is_empty:
                return None
            work, self._work = self._work, CommitWork()
            most = self._limits.batch_rows
            work.letters, self._work.letters = work.letters[:most], work.letters[most:]
            return work

    def _wait_left_s(self, oldest: Letter) -> float:
        now_s, since_s = (moment.mono_ms / _MS_PER_S for moment in (self._clock.now(), oldest.moment))
        return max(0.0, self._window.wait_s(self._rate.hz(now_s)) - (now_s - since_s))

    def _is_company_enough(self) -> bool:
        is_awaited = self._stopping or bool(self._work.sessions)
        return is_awaited or len(self._work.letters) >= self._limits.batch_rows

    def _do(self, work: CommitWork) -> None:
        with self._file_lock:
            is_of_this_life = work.epoch == self.epoch
            batch = Batch(
                moment=self._clock.now(),
                letters=[letter for letter, _ in work.letters],
                free_through=work.free_through if is_of_this_life else 0,
                lost=work.lost,
                freed_ranges=work.freed_ranges if is_of_this_life else (),
                opens_session=bool(work.sessions),
            )
            placed = self._write(batch)
            session = self._file.life.session
        for (letter, future), where in zip(work.letters, placed, strict=True):
            self._tell(letter, future, where)
        for waiting in work.sessions:
            waiting.set_result(session)
        with self._wake:
            if self._file.life.freed_through < batch.free_through <= self._free_through:
                self._work.epoch = work.epoch
                self._work.free_through = max(self._work.free_through, batch.free_through)
            self._wake.notify_all()
        self._note_owed()
        if (work.letters or work.lost or work.freed_ranges) and (listener := self._listener) is not None:
            listener()

    def _note_owed(self) -> None:
        """Before anybody is told that an alert is refused: who is killed now leaves its loss to the next start."""
        with self._wake:
            owed = self._work.lost
        with self._file_lock:
            self._file.owe(owed)

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
        """Give the waiting their answer; the loss stays in memory until a commit can write it down."""
        with self._wake:
            self._work.lost += work.lost + work.alerts
            if work.epoch == self.epoch:
                self._work.epoch = work.epoch
                self._work.free_through = max(self._work.free_through, work.free_through)
                self._work.freed_ranges.extend(work.freed_ranges)
        self._count(refused=work.alerts)
        self._note_owed()
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
