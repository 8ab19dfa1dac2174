"""Which row goes on the wire next: go-back-N against the manager's stored-acknowledgement, live alerts first.

A pure rule book. It is told what was sent and acknowledged and when (monotonic seconds), and answers what may be sent
and when to look again.

What waits when a session begins, or when silence makes it go back, is the backlog: it is sent in order, within a window
and at a limited pace. What comes later is live and overtakes it. The manager stores any place and acknowledges what is
without a hole, so live rows free nothing until the backlog before them is through; until then their number on the wire
is limited by the broker's word, not the manager's. From then on both are one stream in one window. A backlog that fits
into half a window at once is not overtaken: a short cut of the link changes no order.

A gap record goes first and outside the window: rows that were shed leave a hole that only their gap can close, and a
window full of rows behind the hole would otherwise wait for ever.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from edge_contracts.message import SEQ_MAX
from edge_runtime.allowance import Allowance

TOGETHER: Final = 8
"""A paced backlog is sent in handfuls, so that a slow pace does not wake the board for each row."""


@dataclass(frozen=True, slots=True)
class ResendRules:
    """The pace of sending.

    window: rows on the wire without an acknowledgement.
    first_s: silence after which the lowest unacknowledged row and all behind it are sent again.
    longest_s: the silence doubles up to this.
    backlog_per_s: rows of the backlog per second, beyond a first window of them.
    """

    window: int = 128
    first_s: float = 2.0
    longest_s: float = 300.0
    backlog_per_s: float = 100.0


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows that may be sent now: at most `most` of those from `first` to `last`."""

    first: int
    last: int
    most: int


class GoBackN:
    """The sending side's state; everything below `base` is acknowledged.

    Attributes:
        next_row: the next place of the backlog, or of the one stream once the backlog is through.
        next_live: the next place that is live; counts while there is a backlog.
    """

    def __init__(self, rules: ResendRules | None = None) -> None:
        self._rules = rules or ResendRules()
        self.base = 1
        self.next_row = 1
        self.next_live = 1
        self.next_gap = 1
        self.resends = 0
        self._backlog_through = 0
        self._pace = Allowance(self._rules.backlog_per_s, self._rules.window)
        self._interval_s = self._rules.first_s
        self._deadline_s: float | None = None
        self._last_sent_s: float | None = None
        self._on_wire: deque[int] = deque()
        self._live: deque[int] = deque()
        self._live_unanswered: set[int] = set()

    @property
    def has_backlog(self) -> bool:
        """Whether rows wait that live ones overtake."""
        return self.next_row <= self._backlog_through

    @property
    def deadline_s(self) -> float | None:
        """When silence has lasted too long; None while nothing is on the wire that could be acknowledged."""
        return self._deadline_s

    def begin(self, base: int, last_seq: int) -> None:
        """A session begins: whatever was on the wire may be lost; what waits up to `last_seq` is the backlog."""
        self.base = base
        self._interval_s = self._rules.first_s
        self._last_sent_s = None
        self._go_back(last_seq)

    def portions(self, now_s: float) -> list[Portion]:
        """What may be sent at monotonic time `now_s`, gaps not counted; live rows first."""
        room = max(0, self._rules.window - len(self._on_wire))
        if not self.has_backlog:
            return [Portion(self.next_row, SEQ_MAX, room)] if room else []
        paced = min(room, int(self._pace.left(now_s)))
        backlog = [Portion(self.next_row, self._backlog_through, paced)] if paced > 0 else []
        if not self._live and self._backlog_left <= min(paced, room // 2):
            return backlog
        live = max(0, self._rules.window - len(self._live_unanswered))
        return [Portion(self.next_live, SEQ_MAX, live), *backlog] if live else backlog

    def wait_s(self, last_seq: int, now_s: float) -> float | None:
        """Seconds until there is something to do without being told, where `last_seq` is durable; None for never."""
        waits = [] if self._deadline_s is None else [max(0.0, self._deadline_s - now_s)]
        if self.has_backlog and len(self._on_wire) < self._rules.window:
            waits.append(self._pace.wait_s(min(TOGETHER, self._backlog_left), now_s))
        if any(portion.last == SEQ_MAX and portion.first <= last_seq for portion in self.portions(now_s)):
            waits.append(0.0)
        return min(waits, default=None)

    def sent(self, seq: int, now_s: float) -> None:
        """A row that is not a gap went on the wire."""
        self._last_sent_s = now_s
        if self.has_backlog and seq > self._backlog_through:
            self._live.append(seq)
            self._live_unanswered.add(seq)
            self.next_live = seq + 1
            return
        if self.has_backlog:
            self._pace.take(1, now_s)
        self._on_wire.append(seq)
        self._await_answer(now_s)
        self._move_to(seq + 1)

    def sent_gap(self, seq: int, now_s: float) -> None:
        """A gap record went on the wire."""
        self.next_gap = seq + 1
        self._last_sent_s = now_s
        self._await_answer(now_s)

    def exhausted(self, portion: Portion, last_seq: int) -> None:
        """A portion was read, and has no further row up to `last_seq`."""
        if portion.first <= (seq := min(portion.last, last_seq)):
            self.skip_through(seq)

    def skip_through(self, seq: int) -> None:
        """There is no row left between the next one, live where `seq` is, and `seq`."""
        if self.has_backlog and seq > self._backlog_through:
            self.next_live = max(self.next_live, seq + 1)
        else:
            self._move_to(seq + 1)

    def answered(self, seq: int) -> None:
        """The broker has taken or refused a row: there is room for another live one."""
        self._live_unanswered.discard(seq)

    def acknowledged(self, through: int, last_seq: int, now_s: float) -> None:
        """The manager has stored everything up to `through`.

        Without progress and out of a silence, it is the word of a manager that has just come back: send again at once.
        """
        if through < self.base:
            if self._is_unasked(now_s) and self._deadline_s is not None:
                self._go_back(last_seq)
            return
        self.base = through + 1
        for rows in (self._on_wire, self._live):
            while rows and rows[0] <= through:
                rows.popleft()
        self.next_gap, self.next_live = max(self.next_gap, self.base), max(self.next_live, self.base)
        self._move_to(self.base)
        self._interval_s = self._rules.first_s
        waiting = bool(self._on_wire) or self.next_gap > self.base
        self._deadline_s = now_s + self._interval_s if waiting else None

    def look(self, last_seq: int, now_s: float) -> None:
        """Go back when the silence has lasted too long; the next silence may be twice as long."""
        if self._on_wire:
            self._await_answer(now_s)
        if self._deadline_s is None or now_s < self._deadline_s:
            return
        self._interval_s = min(self._interval_s * 2, self._rules.longest_s)
        self.resends += 1
        self._go_back(last_seq)

    @property
    def _backlog_left(self) -> int:
        return self._backlog_through - self.next_row + 1

    def _move_to(self, seq: int) -> None:
        """The backlog, or the one stream, goes on at `seq`; behind the backlog's end lies what was sent live."""
        had_backlog = self.has_backlog
        self.next_row = max(self.next_row, seq)
        if had_backlog and not self.has_backlog:
            self.next_row = max(self.next_row, self.next_live)
            self._on_wire.extend(self._live)
            self._live.clear()
            self._live_unanswered.clear()

    def _is_unasked(self, now_s: float) -> bool:
        return self._last_sent_s is None or now_s - self._last_sent_s >= self._rules.first_s

    def _await_answer(self, now_s: float) -> None:
        if self._deadline_s is None:
            self._deadline_s = now_s + self._interval_s

    def _go_back(self, last_seq: int) -> None:
        self.next_row = self.next_gap = self.base
        self._backlog_through = last_seq
        self.next_live = max(last_seq + 1, self.base)
        self._on_wire.clear()
        self._live.clear()
        self._live_unanswered.clear()
        self._deadline_s = None
