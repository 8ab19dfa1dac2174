"""What calls for an inspection: every reading, the passing of time, or a part that crosses the region.

While no reading comes the line may be moving unseen, so each trigger then calls once per interval for an inspection
that can only end in unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from edge_contracts.verdict import Cause
from edge_runtime.capture.source import BadReading
from edge_runtime.capture.traits import SILENCE_INTERVAL_S
from edge_runtime.frames import Frame, Window
from edge_runtime.occasion import Ailment, Occasion
from edge_runtime.trigger.given_names import GivenNames

if TYPE_CHECKING:
    import threading

    import numpy as np
    import numpy.typing as npt

    from edge_runtime.capture.owed_files import OwedFiles
    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.picture_health import PictureCheck

_POLL_S = 0.2
_NS_PER_S = 1_000_000_000


class Feed(Protocol):
    """Where a trigger gets its readings; `edge_runtime.capture.reader.Reader` is one.

    live: only the newest reading counts.
    owed: files that parts were told without.
    """

    live: bool
    owed: OwedFiles

    @property
    def lost(self) -> str | None:
        """Why the source is not there, None while it is open."""
        ...

    @property
    def ended(self) -> bool:
        """The last reading was taken."""
        ...

    def want(self) -> None:
        """Ask for a reading that is captured from now on."""
        ...

    def take(self, timeout_s: float) -> Reading | None:
        """Take the next reading, None after `timeout_s` or at the end."""
        ...


class ExaminesWindows(Protocol):
    """Finds what speaks against judging a window."""

    def examine(self, window: Window) -> Ailment | None:
        """What is wrong with it, None when it can be judged; asked in the order the windows come."""
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
    """The eyes and ears of every trigger: takes readings, examines each, names parts.

    Args:
        feed: the readings.
        check: examines pictures, in the order they come.
        clock: monotonic.
        ear: examines windows; without it no window is judged.
        given: names of earlier parts of the point; its own, and none yet, without it.

    Attributes:
        unexamined: the reading over which the last look failed, None where it did not.
    """

    def __init__(
        self,
        feed: Feed,
        check: PictureCheck,
        clock: Clock,
        ear: ExaminesWindows | None = None,
        given: GivenNames | None = None,
    ) -> None:
        self.feed = feed
        self._check = check
        self._ear = ear
        self._clock = clock
        self._given = given or GivenNames()
        self._taken_at_ns = 0
        self.unexamined: Reading | None = None

    def look(self, timeout_s: float) -> tuple[Reading | None, Ailment | None]:
        """The next reading and what is wrong with it; (None, None) when none came."""
        self.unexamined = None
        self.unexamined = reading = self.feed.take(timeout_s)
        self._taken_at_ns = self._clock.now_ns()
        ailment = None if reading is None else self._examine(reading)
        self.unexamined = None
        if isinstance(reading, Frame) and reading.unseen is not None:
            reading = replace(reading, unseen=None)  # as large as the picture, which may wait long for its evidence
        return reading, ailment

    def absence(self) -> Ailment | None:
        """Why no reading came; None for a folder or film that is merely slow or at its end."""
        if (lost := self.feed.lost) is not None:
            return Ailment(Cause.SOURCE_LOST, lost)
        if self.feed.live:
            return Ailment(Cause.NO_FRAME, "wanted a frame, found none in time; the source is open and silent")
        return None

    def occasion(
        self, reading: Reading | None, ailment: Ailment | None, triggered_at_ns: int | None = None
    ) -> Occasion:
        """Name the part; its deadline began when its reading was taken, or at `triggered_at_ns`, the moment it had."""
        self._given.parts += 1
        part = self._given.fresh((reading.name if reading else "") or f"{self._given.parts:06d}")
        is_part = reading is not None or triggered_at_ns is not None
        return Occasion(part, reading, triggered_at_ns or self._taken_at_ns, ailment, is_part)

    def _examine(self, reading: Reading) -> Ailment | None:
        if isinstance(reading, Frame):
            return self._check.examine(reading.pixels, repeats=reading.repeats, unseen=reading.unseen)
        if isinstance(reading, BadReading):
            return Ailment(reading.cause, reading.reason)
        if self._ear is None:
            return Ailment(Cause.INTERNAL, "wanted a picture, found a window of samples; check source and bundle")
        return self._ear.examine(reading)


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
    """Every reading is one part.

    Args:
        silence_s: how often to inspect while none comes; at least the time between two readings.
    """

    def __init__(self, lookout: Lookout, clock: Clock, *, silence_s: float = SILENCE_INTERVAL_S) -> None:
        self._lookout = lookout
        self._clock = clock
        self._silence = _Silence(int(silence_s * _NS_PER_S), clock.now_ns())

    def next(self) -> Occasion | None:
        """The next reading's occasion."""
        reading, ailment = self._lookout.look(_POLL_S)
        now_ns = self._clock.now_ns()
        if reading is not None:
            self._silence.broken(now_ns)
            return self._lookout.occasion(reading, ailment)
        return _absent(self._lookout, self._silence, now_ns)


class IntervalTrigger:
    """One inspection each interval, whether or not a reading came.

    Args:
        interval_s: from one inspection to the next; intervals that passed during an inspection are not made up for.
        lead_s: a reading may be this much older than the tick.
        patience_s: how long to wait for a reading after the tick.
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

    def set_interval(self, interval_s: float) -> None:
        """From the next tick on; may be called from any thread."""
        self._interval_ns = int(interval_s * _NS_PER_S)

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
        reading, ailment = self._lookout.look(self._patience_s)
        if reading is None:
            if self._lookout.feed.ended:
                return None
            ailment = self._lookout.absence() or Ailment(Cause.NO_FRAME, "wanted a reading, found none in time")
        return self._lookout.occasion(reading, ailment, triggered_at_ns)


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
        if not isinstance(picture, Frame):
            return self._lookout.occasion(
                picture, ailment or Ailment(Cause.INTERNAL, "wanted a picture to see parts in")
            )
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
