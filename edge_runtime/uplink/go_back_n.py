"""Which row goes on the wire next: go-back-N against the manager's stored-acknowledgement.

A pure rule book. It is told what was sent and acknowledged and when (monotonic seconds), and answers what may be sent
and when to look again. A gap record goes first and outside the window: rows that were shed leave a hole that only their
gap can close, and a window full of rows behind the hole would otherwise wait for ever.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResendRules:
    """The pace of sending.

    window: rows on the wire without an acknowledgement.
    first_s: silence after which the lowest unacknowledged row and all behind it are sent again.
    longest_s: the silence doubles up to this.
    """

    window: int = 128
    first_s: float = 2.0
    longest_s: float = 300.0


class GoBackN:
    """The sending side's state; everything below `base` is acknowledged."""

    def __init__(self, rules: ResendRules | None = None) -> None:
        self._rules = rules or ResendRules()
        self.base = 1
        self.next_row = 1
        self.next_gap = 1
        self.resends = 0
        self._interval_s = self._rules.first_s
        self._deadline_s: float | None = None
        self._last_sent_s: float | None = None
        self._on_wire: deque[int] = deque()

    @property
    def room(self) -> int:
        """Rows that may be sent now, gaps not counted."""
        return max(0, self._rules.window - len(self._on_wire))

    @property
    def deadline_s(self) -> float | None:
        """When silence has lasted too long; None while nothing is on the wire."""
        return self._deadline_s

    def begin(self, base: int) -> None:
        """A session begins: whatever was on the wire may be lost; send again from `base`."""
        self.base = base
        self._interval_s = self._rules.first_s
        self._last_sent_s = None
        self._go_back()

    def sent(self, seq: int, now_s: float) -> None:
        """A row that is not a gap went on the wire."""
        self._on_wire.append(seq)
        self.next_row = seq + 1
        self._note_sending(now_s)

    def sent_gap(self, seq: int, now_s: float) -> None:
        """A gap record went on the wire."""
        self.next_gap = seq + 1
        self._note_sending(now_s)

    def skip_through(self, seq: int) -> None:
        """There is no row left between the next one and `seq`."""
        self.next_row = max(self.next_row, seq + 1)

    def acknowledged(self, through: int, now_s: float) -> None:
        """The manager has stored everything up to `through`.

        Without progress and out of a silence, it is the word of a manager that has just come back: send again at once.
        """
        if through < self.base:
            if self._is_unasked(now_s) and self._deadline_s is not None:
                self._go_back()
            return
        self.base = through + 1
        while self._on_wire and self._on_wire[0] <= through:
            self._on_wire.popleft()
        self.next_row = max(self.next_row, self.base)
        self.next_gap = max(self.next_gap, self.base)
        self._interval_s = self._rules.first_s
        waiting = bool(self._on_wire) or self.next_gap > self.base
        self._deadline_s = now_s + self._interval_s if waiting else None

    def look(self, now_s: float) -> None:
        """Go back when the silence has lasted too long; the next silence may be twice as long."""
        if self._deadline_s is None or now_s < self._deadline_s:
            return
        self._interval_s = min(self._interval_s * 2, self._rules.longest_s)
        self.resends += 1
        self._go_back()

    def _is_unasked(self, now_s: float) -> bool:
        return self._last_sent_s is None or now_s - self._last_sent_s >= self._rules.first_s

    def _note_sending(self, now_s: float) -> None:
        self._last_sent_s = now_s
        if self._deadline_s is None:
            self._deadline_s = now_s + self._interval_s

    def _go_back(self) -> None:
        self.next_row = self.next_gap = self.base
        self._on_wire.clear()
        self._deadline_s = None
