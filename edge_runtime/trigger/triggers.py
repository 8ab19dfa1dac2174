"""What calls for an inspection: every picture, the passing of time, or a part that crosses the region.

While no picture comes the line may be moving unseen, so each trigger then calls once per interval for an inspection
that can only end in unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge_contracts.verdict import Cause
from edge_runtime.capture.source import BadPicture
from edge_runtime.inspection.region import cut
from edge_runtime.occasion import Ailment, Occasion

if TYPE_CHECKING:
    import threading

    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_runtime.capture.source import Picture
    from edge_runtime.clock import Clock
    from edge_runtime.picture_health import PictureCheck

SILENCE_INTERVAL_S = 1.0
"""How often a point that is triggered by pictures is inspected while none comes."""

_POLL_S = 0.2
_NS_PER_S = 1_000_000_000
_PART_MAX = 128


class Feed(Protocol):
    """Where a trigger gets its pictures; `edge_runtime.capture.reader.Reader` is one.

    live: only the newest picture counts.
    """

    live: bool

    @property
    def lost(self) -> str | None:
        """Why the source is not there, None while it is open."""
        ...

    @property
    def ended(self) -> bool:
        """The last picture was taken."""
        ...

    def want(self) -> None:
        """Ask for a picture that is captured from now on."""
        ...

    def take(self, timeout_s: float) -> Picture | None:
        """Take the next picture, None after `timeout_s` or at the end."""
        ...


class PresenceGate(Protocol):
    """Tells an empty belt from a part."""

    def sees_new_part(self, pixels: npt.NDArray[np.uint8]) -> bool:
        """Whether with this frame (H×W×3 uint8 RGB) one more part crosses the middle of the region."""
        ...


class Trigger(Protocol):
    """Calls for inspections, one after the other."""

    def next(self) -> Occasion | None:
        """Wait a moment for the next occasion; None when there is none yet."""
        ...


class Lookout:
    """The eyes of every trigger: takes pictures, examines each, names parts.

    Args:
        feed: the pictures.
        check: examines them, in the order they come.
        region: what is judged, and so what is examined.
        clock: monotonic.
    """

    def __init__(self, feed: Feed, check: PictureCheck, region: Region, clock: Clock) -> None:
        self.feed = feed
        self._check = check
        self._region = region
        self._clock = clock
        self._parts = 0
        self._taken_at_ns = 0

    def look(self, timeout_s: float) -> tuple[Picture | None, Ailment | None]:
        """The next picture and what is wrong with it; (None, None) when none came."""
        picture = self.feed.take(timeout_s)
        self._taken_at_ns = self._clock.now_ns()
        if picture is None:
            return None, None
        if isinstance(picture, BadPicture):
            return picture, Ailment(Cause.BAD_FRAME, picture.reason)
        return picture, self._check.examine(cut(picture.pixels, self._region))

    def absence(self) -> Ailment | None:
        """Why no picture came; None for a folder or film that is merely slow or at its end."""
        if (lost := self.feed.lost) is not None:
            return Ailment(Cause.SOURCE_LOST, lost)
        if self.feed.live:
            return Ailment(Cause.NO_FRAME, "wanted a frame, found none in time; the source is open and silent")
        return None

    def occasion(
        self, picture: Picture | None, ailment: Ailment | None, triggered_at_ns: int | None = None
    ) -> Occasion:
        """Name the part; its deadline began when its picture was taken, or at `triggered_at_ns`."""
        self._parts += 1
        part = (picture.name if picture else "") or f"{self._parts:06d}"
        return Occasion(part[-_PART_MAX:], picture, triggered_at_ns or self._taken_at_ns, ailment)


@dataclass(slots=True)
class _Silence:
    """Says once per interval that nothing was seen."""

    interval_ns: int
    since_ns: int

    def broken(self, now_ns: int) -> None:
        self.since_ns = now_ns

    def due(self, now_ns: int) -> bool:
        if now_ns - self.since_ns < self.interval_ns:
            return False
        self.since_ns = now_ns
        return True


class FrameTrigger:
    """Every picture is one part."""

    def __init__(self, lookout: Lookout, clock: Clock) -> None:
        self._lookout = lookout
        self._clock = clock
        self._silence = _Silence(int(SILENCE_INTERVAL_S * _NS_PER_S), clock.now_ns())

    def next(self) -> Occasion | None:
        """The next picture's occasion."""
        picture, ailment = self._lookout.look(_POLL_S)
        now_ns = self._clock.now_ns()
        if picture is not None:
            self._silence.broken(now_ns)
            return self._lookout.occasion(picture, ailment)
        return _absent(self._lookout, self._silence, now_ns)


class IntervalTrigger:
    """One inspection each interval, whether or not a picture came.

    Args:
        interval_s: from one inspection to the next; intervals that passed during an inspection are not made up for.
        lead_s: a picture may be this much older than the tick.
        patience_s: how long to wait for a picture after the tick.
        stop: ends the wait for the tick.
    """

    def __init__(
        self,
        lookout: Lookout,
        clock: Clock,
        stop: threading.Event,
        *,
        interval_s: float,
        lead_s: float,
        patience_s: float,
    ) -> None:
        self._lookout = lookout
        self._clock = clock
        self._stop = stop
        self._interval_ns = int(interval_s * _NS_PER_S)
        self._lead_ns = int(lead_s * _NS_PER_S)
        self._patience_s = patience_s
        self._tick_ns = clock.now_ns() + self._interval_ns
        self._asked = False

    def next(self) -> Occasion | None:
        """The occasion of the next tick."""
        left_ns = self._tick_ns - self._clock.now_ns()
        if left_ns <= self._lead_ns and not self._asked:
            self._asked = True
            self._lookout.feed.want()
        if left_ns > 0:
            ahead_ns = left_ns if self._asked else left_ns - self._lead_ns
            self._clock.wait(self._stop, min(ahead_ns / _NS_PER_S, _POLL_S))
            return None
        return self._inspect_now()

    def _inspect_now(self) -> Occasion | None:
        triggered_at_ns = self._clock.now_ns()
        missed = (triggered_at_ns - self._tick_ns) // self._interval_ns
        self._tick_ns += (missed + 1) * self._interval_ns
        self._asked = False
        picture, ailment = self._lookout.look(self._patience_s)
        if picture is None:
            if self._lookout.feed.ended:
                return None
            ailment = self._lookout.absence() or Ailment(Cause.NO_FRAME, "wanted a picture, found none in time")
        return self._lookout.occasion(picture, ailment, triggered_at_ns)


class PresenceTrigger:
    """One inspection per part that crosses the middle of the gate's region.

    A picture that cannot be judged cannot show an empty belt either: the first of a row, and then one per interval,
    is inspected and ends in unknown.

    Args:
        gate: tells an empty belt from a part.
        interval_s: how often to inspect while nothing can be seen.
    """

    def __init__(self, lookout: Lookout, clock: Clock, gate: PresenceGate, *, interval_s: float) -> None:
        self._lookout = lookout
        self._clock = clock
        self._gate = gate
        self._silence = _Silence(int(interval_s * _NS_PER_S), clock.now_ns())
        self._blind = False

    def next(self) -> Occasion | None:
        """The occasion of the next part."""
        picture, ailment = self._lookout.look(_POLL_S)
        now_ns = self._clock.now_ns()
        if picture is None:
            return _absent(self._lookout, self._silence, now_ns)
        if isinstance(picture, BadPicture):
            return self._lookout.occasion(picture, ailment)
        if ailment is not None:
            first, self._blind = not self._blind, True
            due = self._silence.due(now_ns)
            return self._lookout.occasion(picture, ailment) if first or due else None
        self._blind = False
        self._silence.broken(now_ns)
        if not self._gate.sees_new_part(picture.pixels):
            return None
        return self._lookout.occasion(picture, None)


def _absent(lookout: Lookout, silence: _Silence, now_ns: int) -> Occasion | None:
    if lookout.feed.ended:
        return None
    ailment = lookout.absence()
    if ailment is None or not silence.due(now_ns):
        return None
    return lookout.occasion(None, ailment)
