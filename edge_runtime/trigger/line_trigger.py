"""One part, one announcement, one verdict: inspections at the moments that the line says.

A picture must be captured after its announcement and soon enough that it still shows this part; a window of samples
must begin after it. Of a watched folder the next file is this part's when it came after the announcement and no earlier
part waits for one. While the line cannot be heard it may be moving unseen, however short the while: each loss of the
wire is told as an unknown at once, and again per interval while it lasts. Losses that follow each other within an
interval are told together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_contracts.verdict import Cause
from edge_runtime.capture.source import arrival_of
from edge_runtime.frames import Window
from edge_runtime.occasion import Ailment, Occasion, PartInterrupted

if TYPE_CHECKING:
    import threading

    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.terminals.listener import Listener
    from edge_runtime.trigger.backlog import Awaited, Backlog, BacklogCounts
    from edge_runtime.trigger.part_names import PartNames
    from edge_runtime.trigger.triggers import Lookout

_POLL_S = 0.2
_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Moments:
    """When a part's picture is taken, from its announcement on; nanoseconds.

    delay_ns: the picture is captured at the earliest.
    within_ns: … and at most this much later; then the part may have moved on.
    unseen_ns: how often an unknown is told, at most, of a line that cannot be heard.
    """

    delay_ns: int
    within_ns: int
    unseen_ns: int


class LineTrigger:
    """Takes announced parts from the backlog, one after the other.

    Args:
        lookout: the pictures.
        backlog: the announced parts.
        names: names what has no part.
        listeners: the trigger's own wire first; to be started before `next` is called.
        moments: when a picture is this part's.
        clock: monotonic.
        stop: ends the wait for a part's moment.
    """

    def __init__(
        self,
        lookout: Lookout,
        backlog: Backlog,
        names: PartNames,
        listeners: tuple[Listener[Any], ...],
        moments: Moments,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._lookout = lookout
        self._backlog = backlog
        self._names = names
        self.listeners = listeners
        self._moments = moments
        self._clock = clock
        self._stop = stop
        self._begun_at_ns = clock.now_ns()
        self._told_at_ns: int | None = None
        self._losses_told = 0

    @property
    def counts(self) -> BacklogCounts:
        """Announced and missed parts."""
        return self._backlog.counts

    def next(self) -> Occasion | None:
        """The occasion of the next announced part, or of a loss of the wire.

        Raises:
            PartInterrupted: its reading could not be taken; the part has no other occasion.
        """
        unseen = self._unseen()
        if unseen is not None:
            return unseen
        awaited = self._backlog.take(_POLL_S)
        if awaited is None:
            return None
        if awaited.missed is not None:
            return self._missed(awaited, awaited.missed)
        from_ns = awaited.at_ns + self._moments.delay_ns
        late_ns = self._clock.now_ns() - from_ns - self._moments.within_ns
        if late_ns > 0:
            self._backlog.counts.missed += 1
            within_ms = self._moments.within_ns / _NS_PER_MS
            return self._missed(
                awaited,
                f"wanted a picture within {within_ms:g} ms, found its turn {late_ns / _NS_PER_MS:.0f} ms later: "
                "parts come faster than they are judged",
            )
        try:
            return self._inspect(awaited, from_ns)
        except Exception as error:
            unexamined = self._lookout.unexamined
            if unexamined is None or not self._is_of(from_ns, unexamined):
                self._owe(awaited)
            raise PartInterrupted(awaited.part, awaited.at_ns) from error

    def leftovers(self) -> list[Occasion]:
        """Silence the listeners; a missed part for each that was announced and did not come to its turn."""
        for listener in self.listeners:
            listener.ask_to_stop()
        self._backlog.close()
        left = []
        while (awaited := self._backlog.take(0.0)) is not None:
            self._backlog.counts.missed += awaited.missed is None
            reason = awaited.missed or "its point was stopped or reloaded while it waited for its inspection"
            left.append(self._missed(awaited, reason))
        return left

    def _inspect(self, awaited: Awaited, from_ns: int) -> Occasion:
        if (early_ns := from_ns - self._clock.now_ns()) > 0:
            self._clock.wait(self._stop, early_ns / _NS_PER_S)
        self._lookout.feed.want()
        until_ns = from_ns + self._moments.within_ns
        while not self._lookout.feed.ended and (left_ns := until_ns - self._clock.now_ns()) > 0:
            reading, ailment = self._lookout.look(left_ns / _NS_PER_S)
            if reading is not None and self._is_of(from_ns, reading):
                return Occasion(awaited.part, reading, awaited.at_ns, ailment)
        ailment = self._lookout.absence() or self._late()
        self._owe(awaited)
        return Occasion(awaited.part, None, awaited.at_ns, ailment)

    def _is_of(self, from_ns: int, reading: Reading) -> bool:
        """Whether a reading is that of the part whose picture is taken from `from_ns` on; files come one per part."""
        feed = self._lookout.feed
        if feed.live:
            begun_at_ns = reading.begun_at_ns if isinstance(reading, Window) else reading.captured_at_ns
            return begun_at_ns >= from_ns
        arrival = arrival_of(reading)
        is_owed = feed.owed.pays(arrival)
        return not is_owed and (arrival is None or arrival.seen_at_ns >= from_ns)

    def _owe(self, awaited: Awaited) -> None:
        """The part is told without its file, which may still come."""
        if not self._lookout.feed.live:
            from_ns = awaited.at_ns + self._moments.delay_ns
            self._lookout.feed.owed.owe(from_ns, from_ns + self._moments.within_ns)

    def _late(self) -> Ailment:
        owed = len(self._lookout.feed.owed)
        before = f"; what comes now may be that of one of {owed} parts before, which had none" if owed else ""
        return Ailment(Cause.NO_FRAME, f"wanted a picture after the trigger, found none in time{before}")

    def _unseen(self) -> Occasion | None:
        """One for the losses that nobody was told of, or for one that lasts; none within an interval of the last."""
        now_ns, ear = self._clock.now_ns(), self.listeners[0]
        lost, losses = ear.lost, ear.counts.broken
        more = losses - self._losses_told
        if lost is None and not more:
            return None
        # A wire that was never open has the first interval for it; what breaks then is told at once.
        since_ns = self._begun_at_ns if self._told_at_ns is None and not more else self._told_at_ns
        if since_ns is not None and now_ns - since_ns < self._moments.unseen_ns:
            return None
        self._told_at_ns, self._losses_told = now_ns, losses
        times = f" ({more} times since this was told last)" if more > 1 else ""
        reason = f"the trigger {'could not' if lost is None else 'cannot'} be heard{times}: {lost or ear.last_loss}"
        return Occasion(self._names.unseen(), None, now_ns, Ailment(Cause.TRIGGER_LOST, reason), is_part=False)

    def _missed(self, awaited: Awaited, reason: str) -> Occasion:
        self._owe(awaited)
        return Occasion(awaited.part, None, awaited.at_ns, Ailment(Cause.MISSED, reason))
