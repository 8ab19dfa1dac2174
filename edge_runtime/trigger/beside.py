"""A source beside a point's own, for a model that judges the same part by something else: its sound, its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.verdict import Cause
from edge_runtime.capture.source import arrival_of
from edge_runtime.occasion import Ailment

if TYPE_CHECKING:
    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.trigger.triggers import Lookout

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


class BesideLookout:
    """Gives one reading per part. Of a live source the first since the part's own; files are paired with the parts.

    A file that did not come in time belongs to its part all the same: it is passed over when it comes, so that no part
    is ever judged by what belongs to another. What `OwedFiles` says of files that never come holds here, too.

    Args:
        lookout: the eyes or ears on the model's own source.
        clock: monotonic.
        max_age_ms: an older reading is not judged.
    """

    def __init__(self, lookout: Lookout, clock: Clock, *, max_age_ms: float) -> None:
        self._lookout = lookout
        self._clock = clock
        self._max_age_ms = max_age_ms
        self._since_ns = 0

    def want(self, since_ns: int) -> None:
        """Ask for the reading of the part whose picture was captured then (monotonic)."""
        self._since_ns = since_ns
        self._lookout.feed.want()

    def take(self, until_ns: int) -> tuple[Reading | None, Ailment | None]:
        """The reading of this part and what speaks against it; (None, why) when none came before `until_ns`."""
        while True:
            reading, ailment = self._lookout.look(max((until_ns - self._clock.now_ns()) / _NS_PER_S, 0.0))
            if reading is None:
                self.pass_over()
                return None, self._absent()
            if self._is_the_parts(reading):
                return reading, ailment or self._stale(reading)

    def pass_over(self) -> None:
        """A part is not judged at all; what belongs to it is not to be taken for the next one's."""
        if not self._lookout.feed.live:
            self._lookout.feed.owed.owe(0, self._clock.now_ns())

    def _is_the_parts(self, reading: Reading) -> bool:
        """A live reading that an earlier part asked for may come late."""
        feed = self._lookout.feed
        if feed.live:
            return reading.captured_at_ns >= self._since_ns
        return not feed.owed.pays(arrival_of(reading))

    def _absent(self) -> Ailment:
        why = self._lookout.absence()
        return why or Ailment(Cause.NO_FRAME, "wanted a reading of the model's own source, found none in time")

    def _stale(self, reading: Reading) -> Ailment | None:
        age_ms = (self._clock.now_ns() - reading.captured_at_ns) / _NS_PER_MS
        if age_ms <= self._max_age_ms:
            return None
        return Ailment(
            Cause.STALE, f"wanted a reading of at most {self._max_age_ms:g} ms, found one of {age_ms:.0f} ms"
        )
