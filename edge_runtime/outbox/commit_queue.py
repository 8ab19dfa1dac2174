"""The line before the spool's next commit: who may join it, how long it waits for company, and what is left of it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from edge_runtime.outbox.commit_window import ArrivalRate, WindowRule
from edge_runtime.outbox.commit_work import CommitWork, Receipt

if TYPE_CHECKING:
    from edge_contracts.gap import SeqRange
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.outbox.envelope import Letter

LONGEST_QUEUE: Final = 1024
"""Alerts that wait for the disk; more means that the medium has stopped, and the next is refused at once."""
FREE_WINDOW_S: Final = 1.0
"""An acknowledgement waits this long for an append to share a commit with; losing it costs a re-send, no alert."""
_MS_PER_S: Final = 1000


class CommitQueue:
    """Any thread puts, the writer takes.

    Args:
        clock: how long the first letter has waited.
        window: how long a commit waits for company.
        most_letters: of one commit.
        work: what waits already.

    Attributes:
        changed: the queue's lock; its waiters wake whenever the queue or the spool behind it changed.
    """

    def __init__(self, clock: DeliveryClock, window: WindowRule, most_letters: int, work: CommitWork) -> None:
        self.changed = threading.Condition()
        self._clock, self._window, self._most_letters = clock, window, most_letters
        self._rate = ArrivalRate()
        self._work = work
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may join."""
        return self._is_closed

    @property
    def has_letters(self) -> bool:
        """Whether an alert or a minute waits."""
        return bool(self._work.letters)

    @property
    def owed(self) -> tuple[int, int]:
        """Alerts and minutes that were lost and wait for their places in the ledger."""
        with self.changed:
            return self._work.lost, self._work.lost_minutes

    def close(self) -> None:
        """Let nothing more join, and the writer wait for no company."""
        with self.changed:
            self._is_closed = True
            self.changed.notify_all()

    def put(self, letter: Letter, future: Future[Receipt]) -> str | None:
        """Let a letter wait; says why not where it may not, and counts an alert as lost then."""
        with self.changed:
            if (why := self._why_not()) is not None:
                self._work.lost += not letter.is_patient
                return why
            if not letter.is_patient:
                self._rate.arrived(letter.moment.mono_ms / _MS_PER_S)
            self._work.letters.append((letter, future))
            self.changed.notify_all()
        return None

    def open_session(self) -> Future[int] | None:
        """Ask for the number of one more connection; None where nobody will count it."""
        future: Future[int] = Future()
        with self.changed:
            if self._is_closed:
                return None
            self._work.sessions.append(future)
            self.changed.notify_all()
        return future

    def free(self, epoch: str, through: int) -> None:
        """Rows of this life up to `through` are acknowledged."""
        with self.changed:
            self._turn_to(epoch)
            self._work.free_through = max(self._work.free_through, through)
            self.changed.notify_all()

    def tell_freed(self, epoch: str, ranges: list[SeqRange]) -> None:
        """A manager that lost its memory asks for these rows of this life."""
        with self.changed:
            self._turn_to(epoch)
            self._work.freed_ranges.extend(ranges)
            self.changed.notify_all()

    def lose(self, alerts: int = 0, minutes: int = 0) -> None:
        """So many are not told and never will be: the next commit gives them their places in the ledger."""
        with self.changed:
            self._work.lost += alerts
            self._work.lost_minutes += minutes
            self.changed.notify_all()

    def next(self) -> CommitWork | None:
        """Wait for work of one commit; None once the queue is closed and empty."""
        with self.changed:
            self.changed.wait_for(lambda: not self._work.is_empty or self._is_closed)
            if not self._work.is_pressing:
                self.changed.wait_for(lambda: self._work.is_pressing or self._is_closed, FREE_WINDOW_S)
            if (oldest := self._work.oldest_awaited) is not None:
                self.changed.wait_for(self._is_company_enough, self._wait_left_s(oldest))
            return None if self._work.is_empty else self._take(self._most_letters)

    def rest(self) -> CommitWork:
        """Letters and sessions that still wait, taken from the queue by who will not write them."""
        with self.changed:
            letters, self._work.letters = self._work.letters, []
            sessions, self._work.sessions = self._work.sessions, []
        return CommitWork(letters=letters, sessions=sessions)

    def _why_not(self) -> str | None:
        if self._is_closed:
            return "the outbox is stopped"
        return f"{LONGEST_QUEUE} alerts wait for it" if len(self._work.letters) >= LONGEST_QUEUE else None

    def _turn_to(self, epoch: str) -> None:
        """What was said of another life says nothing of this one."""
        if self._work.epoch != epoch:
            self._work.epoch, self._work.free_through, self._work.freed_ranges = epoch, 0, []

    def _take(self, most: int) -> CommitWork:
        work, self._work = self._work, CommitWork()
        work.letters, self._work.letters = work.letters[:most], work.letters[most:]
        return work

    def _wait_left_s(self, oldest: Letter) -> float:
        now_s, since_s = (moment.mono_ms / _MS_PER_S for moment in (self._clock.now(), oldest.moment))
        return max(0.0, self._window.wait_s(self._rate.hz(now_s)) - (now_s - since_s))

    def _is_company_enough(self) -> bool:
        is_awaited = self._is_closed or bool(self._work.sessions)
        return is_awaited or len(self._work.letters) >= self._most_letters
