"""The loop of one inspection point: trigger, inspection, verdict to all who must know. It knows only protocols."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge_contracts.verdict import Cause
from edge_runtime.occasion import Ailment, Occasion, PartInterrupted
from edge_runtime.trigger.given_names import GivenNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_runtime.clock import Clock
    from edge_runtime.occasion import Inspected
    from edge_runtime.trigger.triggers import Trigger

_PAUSE_AFTER_FAULT_S = 0.2
_log = logging.getLogger(__name__)


class VerdictSink(Protocol):
    """Somebody who must know each verdict: reject output, log, spool."""

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once, waits for no disk and no network."""
        ...


class Inspects(Protocol):
    """Turns occasions into verdicts; `edge_runtime.inspection.inspector.Inspector` is one."""

    def inspect(self, occasion: Occasion) -> Inspected:
        """Exactly one verdict; never raises."""
        ...


class Ends(Protocol):
    """Knows whether more pictures can come."""

    @property
    def ended(self) -> bool:
        """The last picture was taken."""
        ...


@runtime_checkable
class HasLeftovers(Protocol):
    """A trigger in which parts wait for their turn; `edge_runtime.trigger.line_trigger.LineTrigger` is one."""

    def leftovers(self) -> Iterable[Occasion]:
        """Accept no more parts; an occasion for each that waits, at once and without a reading."""
        ...


class Pipeline:
    """One inspection point in its own thread; parts that wait at its end get their verdict too.

    Args:
        name: the inspection point.
        trigger: calls for inspections.
        inspector: judges.
        sinks: told of each verdict, in this order.
        feed: tells when a folder or film is over; then the loop is.
        clock: monotonic.
        stop: ends the loop.
        given: the names that the point's parts had before; its own, and none yet, without it.
    """

    def __init__(
        self,
        name: str,
        trigger: Trigger,
        inspector: Inspects,
        sinks: Sequence[VerdictSink],
        feed: Ends,
        clock: Clock,
        stop: threading.Event,
        given: GivenNames | None = None,
    ) -> None:
        self.name = name
        self.faults = 0
        self.progress_at_ns = clock.now_ns()
        self._trigger = trigger
        self._inspector = inspector
        self._sinks = tuple(sinks)
        self._feed = feed
        self._clock = clock
        self._stop = stop
        self._given = given or GivenNames()
        self._thread = threading.Thread(target=self._run, name=f"point-{name}", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the loop's thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; False, and a line in the log, when it does not come."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("%s: the point's thread did not stop within %g s", self.name, timeout_s)
            return False
        return True

    def step(self) -> None:
        """Wait a moment for an occasion and, if there is one, give its verdict to every sink."""
        self.progress_at_ns = self._clock.now_ns()
        occasion = self._occasion()
        if occasion is None:
            return
        self._conclude(occasion)

    def _run(self) -> None:
        while not self._stop.is_set() and not self._feed.ended:
            self.step()
        for occasion in self._leftovers():
            self.progress_at_ns = self._clock.now_ns()
            self._conclude(occasion)

    def _conclude(self, occasion: Occasion) -> None:
        inspected = self._inspector.inspect(occasion)
        for sink in self._sinks:
            self._tell(sink, inspected)

    def _tell(self, sink: VerdictSink, inspected: Inspected) -> None:
        try:
            sink.take(inspected)
        except Exception:  # noqa: BLE001 - one sink's fault must not keep the verdict from the others
            self.faults += 1
            _log.exception("%s %s: %s failed", self.name, inspected.verdict.part, type(sink).__name__)

    def _occasion(self) -> Occasion | None:
        try:
            return self._trigger.next()
        except PartInterrupted as error:
            ailment = self._failed(error.__cause__ or error)
            return Occasion(error.part, None, error.triggered_at_ns, ailment)
        except Exception as error:  # noqa: BLE001 - a part may have passed unseen: that is an unknown
            self._clock.wait(self._stop, _PAUSE_AFTER_FAULT_S)
            return self._fault(error)

    def _leftovers(self) -> Iterable[Occasion]:
        if not isinstance(self._trigger, HasLeftovers):
            return ()
        try:
            return tuple(self._trigger.leftovers())
        except Exception as error:  # noqa: BLE001 - parts may have waited: that is an unknown
            return (self._fault(error),)

    def _fault(self, error: Exception) -> Occasion:
        self._given.faults += 1
        name = f"fault-{self._given.faults:06d}"
        return Occasion(name, None, self._clock.now_ns(), self._failed(error), is_part=False)

    def _failed(self, error: BaseException) -> Ailment:
        self.faults += 1
        _log.error("%s: the trigger failed", self.name, exc_info=error)
        return Ailment(Cause.INTERNAL, f"the trigger failed ({type(error).__name__}: {error})")
