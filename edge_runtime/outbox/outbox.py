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
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, LeptonError
from edge_contracts.gap import SeqRange
from edge_contracts.message import SEQ_MAX
from edge_runtime.outbox.commit_queue import CommitQueue
from edge_runtime.outbox.commit_window import WindowRule
from edge_runtime.outbox.commit_work import CommitWork, Receipt
from edge_runtime.outbox.envelope import NOISE_BYTES, Letter
from edge_runtime.outbox.lasting_spool import LastingSpool
from edge_runtime.outbox.outbox_counts import OutboxCounters, SpoolDepth
from edge_runtime.outbox.spool_batch import Batch, Placed, SpooledRow
from edge_runtime.outbox.spool_errors import SpoolRefused, SpoolShed
from edge_runtime.outbox.spool_policy import AckVerdict, FreedAnswer, SpoolLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_contracts.ack import Ack
    from edge_contracts.alert import Alert
    from edge_contracts.stats import Stats
    from edge_contracts.topics import DeviceAddress
    from edge_runtime.outbox.delivery_clock import DeliveryClock

_LOG = logging.getLogger(__name__)
APPEND_TIMEOUT_S: Final = 5.0
_MS_PER_S: Final = 1000


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
        self._clock, self._noise = clock, noise
        self._spool = LastingSpool(path, address.source, limits, clock, noise)
        window = WindowRule(window_s, window_s if longest_window_s is None else longest_window_s)
        owed = CommitWork(lost=self._spool.life.owed, lost_minutes=self._spool.life.owed_minutes)
        self._queue = CommitQueue(clock, window, limits.batch_rows, owed)
        self._freed_answer = FreedAnswer()
        self._counters = OutboxCounters()
        self._counting = threading.Lock()
        self._listener: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def epoch(self) -> str:
        """The life of the spool in use."""
        return self._spool.life.epoch

    @property
    def last_seq(self) -> int:
        """Highest sequence that is durable."""
        return self._spool.life.last_seq

    @property
    def freed_through(self) -> int:
        """Everything up to this sequence is acknowledged."""
        return self._spool.freed_through

    @property
    def counters(self) -> OutboxCounters:
        """What went wrong and what was acknowledged, since the daemon started."""
        with self._counting:
            return replace(self._counters, damaged=self._spool.damaged, acks=dict(self._counters.acks))

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
        self._spool.close()
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

    def write_off(self, alerts: int = 0, minutes: int = 0) -> None:
        """So many alerts that were never offered, and refused minutes, will not be told: they enter the loss ledger."""
        self._queue.lose(alerts, minutes)

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
        return self._spool.life.session + 1 if future is None else future.result(APPEND_TIMEOUT_S)

    def acknowledge(self, ack: Ack) -> AckVerdict:
        """Free what the manager has stored; anything else it may say is counted and frees nothing.

        Raises:
            SpoolBusy: a commit hangs; the word is to be heard again later.
        """
        verdict = self._spool.judge(ack)
        with self._queue.changed:
            if verdict is AckVerdict.FREES:
                self._queue.free(ack.epoch, ack.seq)
            if verdict in {AckVerdict.FREES, AckVerdict.NOTHING_NEW}:
                self._freed_answer.higher_seen()
            if verdict is AckVerdict.ASKS_FOR_FREED and self._freed_answer.is_due(ack.seq, self._clock.now().mono_ms):
                self._queue.tell_freed(ack.epoch, [SeqRange(first=ack.seq + 1, last=self._spool.freed_through)])
        with self._counting:
            self._counters.acks[verdict] = self._counters.acks.get(verdict, 0) + 1
        return verdict

    def read(self, first: int, limit: int, last: int = SEQ_MAX) -> list[SpooledRow]:
        """Up to `limit` durable rows from sequence `first` to `last`; from now on they count as on the wire."""
        return self._spool.read(first, limit, last)

    def read_gaps(self, first: int, limit: int) -> list[SpooledRow]:
        """The same for gap records alone."""
        return self._spool.read_gaps(first, limit)

    def depth(self) -> SpoolDepth:
        """What waits for an acknowledgement."""
        return self._spool.depth()

    def drained(self, timeout_s: float) -> bool:
        """Wait until everything is durable and acknowledged; says whether that came true in time."""
        with self._queue.changed:
            return self._queue.changed.wait_for(self._is_drained, timeout_s)

    def _is_drained(self) -> bool:
        return not self._queue.has_letters and self._spool.freed_through >= self._spool.life.last_seq

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
            placed, session = self._commit(work)
        except Exception as err:  # noqa: BLE001 - the writer must outlive any fault; it counts and says it
            self._fail(work, err)
            return False
        self._answer_committed(work, placed, session)
        if work.adds_rows and (listener := self._listener) is not None:
            try:
                listener()
            except Exception:  # noqa: BLE001 - what is durable stays so, whatever its listener does
                _LOG.exception("what listens to the outbox failed")
        return True

    def _commit(self, work: CommitWork) -> tuple[Sequence[Placed | BadInputError], int]:
        batch = Batch(
            moment=self._clock.now(),
            letters=[letter for letter, _ in work.letters],
            free_through=work.free_through,
            lost=work.lost,
            lost_minutes=work.lost_minutes,
            freed_ranges=work.freed_ranges,
            opens_session=bool(work.sessions),
        )
        return self._spool.write(batch, work.epoch)

    def _answer_committed(self, work: CommitWork, placed: Sequence[Placed | BadInputError], session: int) -> None:
        for (letter, future), where in zip(work.letters, placed, strict=True):
            self._tell(letter, future, where)
        for waiting in work.sessions:
            waiting.set_result(session)
        with self._queue.changed:
            if work.epoch == self.epoch and self._spool.life.freed_through < work.free_through:
                self._queue.free(work.epoch, work.free_through)
            self._queue.changed.notify_all()
        self._note_owed()

    def _note_owed(self) -> None:
        """Who is killed from now on leaves its loss to the next start.

        What a full queue refused is noted with the writer's next word: a disk that hangs takes no note either.
        """
        self._spool.owe(*self._queue.owed)

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
            waiting.set_result(self._spool.count_session())

    def _count(self, refused: int = 0, shed: int = 0) -> None:
        with self._counting:
            now = self._counters
            self._counters = replace(now, refused=now.refused + refused, shed=now.shed + shed)
