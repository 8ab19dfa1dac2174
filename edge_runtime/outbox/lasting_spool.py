"""The spool as it lasts: a file that breaks in use is set aside, and a new life begins in its place at once."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from edge_contracts.message import SEQ_MAX
from edge_runtime.outbox.outbox_counts import SpoolDepth
from edge_runtime.outbox.spool_errors import SpoolBusy, SpoolDamaged, SpoolRefused
from edge_runtime.outbox.spool_file import SpoolFile
from edge_runtime.outbox.spool_policy import AckVerdict, SpoolLimits, judge_ack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge_contracts.ack import Ack
    from edge_contracts.errors import BadInputError
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.outbox.spool_batch import Batch, Placed, SpooledRow
    from edge_runtime.outbox.spool_schema import Life

_LOG = logging.getLogger(__name__)
_MS_PER_S: Final = 1000
_ANSWER_S: Final = 0.5
"""How long who asks the file waits for a commit; a calm card needs milliseconds."""
Answer = TypeVar("Answer")


class LastingSpool:
    """The spool at one path, life after life; every method may be called from any thread.

    Args:
        path: the spool's file.
        source: CloudEvents source of the device.
        limits: how much disk may be used.
        clock: gives the moment of gaps, and the age of rows.
        noise: gives n random bytes.

    Attributes:
        lock: held while the file is read or written.
        file: of the present life.
        freed_through: everything up to this sequence of it is acknowledged; the file follows with a later commit.
        damaged: files set aside so far.
    """

    def __init__(
        self, path: Path, source: str, limits: SpoolLimits, clock: DeliveryClock, noise: Callable[[int], bytes]
    ) -> None:
        self._path, self._source, self._limits, self._clock, self._noise = path, source, limits, clock, noise
        self.lock = threading.Lock()
        self.file = self._open()
        self.freed_through = self.file.life.freed_through
        self.damaged = int(self.file.damaged is not None)
        self._opened_ms = clock.now().mono_ms
        self._found_through = self.file.life.last_seq
        self._oldest: tuple[int, int] | None = None

    @property
    def life(self) -> Life:
        """The state as of the last commit."""
        return self.file.life

    def read(self, first: int, limit: int, last: int = SEQ_MAX) -> list[SpooledRow]:
        """Up to `limit` durable rows from sequence `first` to `last`; from now on they count as on the wire.

        Raises:
            SpoolBusy: a commit hangs.
        """
        return self._reading(lambda file: file.read(first, limit, last))

    def read_gaps(self, first: int, limit: int) -> list[SpooledRow]:
        """The same for gap records alone."""
        return self._reading(lambda file: file.read_gaps(first, limit))

    def depth(self) -> SpoolDepth:
        """What waits for an acknowledgement; while a commit hangs, as it was before."""
        with contextlib.suppress(SpoolRefused), self._asking():  # of a disk that does not answer the last word stands
            self._oldest = self._ask(SpoolFile.oldest_mono_ms)
        life, oldest = self.life, self._oldest
        since = 0.0
        if oldest is not None:
            born_ms = self._opened_ms if oldest[0] <= self._found_through else oldest[1]
            since = max(0.0, (self._clock.now().mono_ms - born_ms) / _MS_PER_S)
        return SpoolDepth(life.rows, life.used, since)

    def judge(self, ack: Ack) -> AckVerdict:
        """What an acknowledgement means to the present life; one that frees is believed from now on.

        Raises:
            SpoolBusy: a commit hangs.
        """
        with self._asking():
            sent_through = self._ask(lambda file: file.sent_through)
            verdict = judge_ack(ack, epoch=self.life.epoch, freed_through=self.freed_through, sent_through=sent_through)
            if verdict is AckVerdict.FREES:
                self.freed_through = ack.seq
        return verdict

    def write(self, batch: Batch, of_epoch: str) -> tuple[Sequence[Placed | BadInputError], int]:
        """Do a batch in one durable transaction; what it says of the rows of another life than `of_epoch` is left out.

        Returns:
            Where the letters went, and how many connections there were.

        Raises:
            SpoolRefused: nothing of the batch was written.
        """
        of_no_life = replace(batch, free_through=0, freed_ranges=())
        with self.lock:
            try:
                self._check_place()
                placed = self.file.write(batch if of_epoch == self.life.epoch else of_no_life)
            except SpoolDamaged as err:
                self._begin_again(err)
                placed = self.file.write(of_no_life)
            return placed, self.life.session

    def owe(self, alerts: int, minutes: int) -> None:
        """Note what was refused and has no place in a gap yet."""
        with self.lock:
            self.file.owe(alerts, minutes)

    def count_session(self) -> int:
        """One more connection, which no disk took: the number grows in this process all the same."""
        self.life.session += 1
        return self.life.session

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _open(self, known: Life | None = None) -> SpoolFile:
        """Open the spool; `known` is its life as of the last commit, for the ledger of a file that no longer tells."""
        return SpoolFile(self._path, self._source, self._limits, self._clock.now(), self._noise, known)

    def _reading(self, read: Callable[[SpoolFile], list[SpooledRow]]) -> list[SpooledRow]:
        """Rows of the present life; none where it is found to have ended."""
        with self._asking():
            known = self.file
            return self._ask(lambda file: read(file) if file is known else [])

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Hold the lock; who asks must not hang with a commit that does."""
        if not self.lock.acquire(timeout=_ANSWER_S):
            raise SpoolBusy(f"wanted the spool's file free within {_ANSWER_S} s, found it written: check the disk")
        try:
            yield
        finally:
            self.lock.release()

    def _ask(self, ask: Callable[[SpoolFile], Answer]) -> Answer:
        """What the file says; one that is found damaged is replaced at once, and the new one is asked."""
        try:
            self._check_place()
            return ask(self.file)
        except SpoolDamaged as err:
            self._begin_again(err)
        return ask(self.file)

    def _check_place(self) -> None:
        if not self.file.is_in_place:
            raise SpoolDamaged(f"wanted the spool at {self._path}, found it deleted or replaced: who did that?")

    def _begin_again(self, why: SpoolDamaged) -> None:
        """Set the damaged file aside; what it held and the manager had not stored is told by a gap."""
        _LOG.error("the spool is lost while in use: %s", why)
        life = replace(self.life, freed_through=max(self.life.freed_through, self.freed_through))
        self.file.close()
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self._open(life)
        self.freed_through = self._found_through = 0
        self.damaged += 1
