"""Whether a part that had to wait for its turn can still be judged in time.

One that need not wait always is, however long the last ones took: a model that was slow for a while must be asked
again. Pure.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_runtime.occasion import Occasion

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


class DeadlineRule:
    """Told of each part that the loop begins to judge, and when it asks for the next one.

    Args:
        within_s: from a part's trigger to the model's answer, at most.
        max_age_s: from the capture of a part's picture to its turn, at most.
        may_wait: whether a part can be judged at all that had to wait.
    """

    def __init__(self, *, within_s: float, max_age_s: float, may_wait: bool) -> None:
        self._within_ns = within_s * _NS_PER_S
        self._max_age_ns = max_age_s * _NS_PER_S
        self._may_wait = may_wait
        self._begun_at_ns: int | None = None
        self._free_since_ns = 0
        self._took_ns: deque[int] = deque((0, 0, 0), maxlen=3)

    def begin(self, now_ns: int) -> None:
        """The loop judges a part from now on."""
        self._begun_at_ns = now_ns

    def end(self, now_ns: int) -> None:
        """The loop is free again; nothing happens where it judged none."""
        if self._begun_at_ns is not None:
            self._free_since_ns = now_ns
            self._took_ns.append(now_ns - self._begun_at_ns)
            self._begun_at_ns = None

    def refusal(self, occasion: Occasion, now_ns: int) -> str | None:
        """Why a part whose turn it is now is not judged, None where it is."""
        if occasion.triggered_at_ns >= self._free_since_ns or (wanted := self._wanted(occasion, now_ns)) is None:
            return None
        waited_ms = (now_ns - occasion.triggered_at_ns) / _NS_PER_MS
        return f"wanted {wanted}, found its turn after {waited_ms:.0f} ms: parts come faster than they are judged"

    def _wanted(self, occasion: Occasion, now_ns: int) -> str | None:
        """What a part that waited would have needed; of the last three parts' times the middle one counts.

        One that hung, or could not be asked at all, says nothing.
        """
        if not self._may_wait:
            return "it judged at once, because a model has a live source of its own"
        if occasion.reading is not None and now_ns - occasion.reading.captured_at_ns > self._max_age_ns:
            return f"a picture of at most {self._max_age_ns / _NS_PER_MS:g} ms"
        takes_ns = sorted(self._took_ns)[1]
        if now_ns - occasion.triggered_at_ns + takes_ns > self._within_ns:
            within_ms, takes_ms = self._within_ns / _NS_PER_MS, takes_ns / _NS_PER_MS
            return f"it judged within {within_ms:g} ms, which takes {takes_ms:.0f} ms"
        return None
