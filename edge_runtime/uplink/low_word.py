"""When to announce the station again, because the manager's word was below what is freed.

One low word may only be late, so a manager is told that rows are freed when it says the word twice. A station that has
nothing to send would never hear it a second time, and a manager that was put back to an older backup would count no
loss until the next alert. So the station announces itself once more, and the manager answers an announcement with its
word. Pure.
"""

from __future__ import annotations

from typing import Final

from edge_runtime.outbox.spool_policy import AckVerdict

AGAIN_AFTER_S: Final = 1.5
"""Longer than the second that must lie between the two words."""


class LowWord:
    """One more announcement for each low word of a session; times are monotonic seconds."""

    def __init__(self) -> None:
        self._seq: int | None = None
        self._due_s: float | None = None

    def begin(self) -> None:
        """A session begins, with an announcement."""
        self._seq = self._due_s = None

    def heard(self, verdict: AckVerdict, seq: int, now_s: float) -> None:
        """The manager said that everything up to `seq` is stored."""
        if verdict is AckVerdict.ASKS_FOR_FREED and seq != self._seq:
            self._seq, self._due_s = seq, now_s + AGAIN_AFTER_S
        elif verdict in {AckVerdict.FREES, AckVerdict.NOTHING_NEW}:
            self.begin()

    def is_due(self, now_s: float) -> bool:
        """Whether to announce the station now; true once."""
        if self._due_s is None or now_s < self._due_s:
            return False
        self._due_s = None
        return True
