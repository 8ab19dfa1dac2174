"""One inspection point of a running daemon: its model and its loop, started and stopped together.

Its reader is a unit of its own, so that a camera stays open while the point's model is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import threading

    from edge_contracts.device import InspectionPoint as Inventory
    from edge_contracts.station import Point
    from edge_runtime.capture.reader import Reader
    from edge_runtime.clock import Clock
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.inspection.sensitivity import Sensitivity
    from edge_runtime.lessons.lessons import Lessons
    from edge_runtime.own_thread import OwnThread
    from edge_runtime.pipeline import Pipeline
    from edge_runtime.terminals.listener import Listener
    from edge_runtime.trigger.backlog import BacklogCounts

_NS_PER_S = 1_000_000_000


class CountsSkipped(Protocol):
    """Passes over pictures; `edge_runtime.trigger.motion.MotionGate` is one."""

    skipped: int


class StandsForModels(Protocol):
    """All models of a point as one; `edge_runtime.point_models.PointModels` is one."""

    def start(self) -> None:
        """Start what guards."""
        ...

    def tend(self) -> None:
        """Mend what can be mended without the loop; returns at once."""
        ...

    def hung_s(self) -> float:
        """For how long an answer has been overdue that only a restart of the daemon ends; 0 when none is."""
        ...

    def stop(self, timeout_s: float) -> bool:
        """Stop; False when the model still computes."""
        ...


class GuardsModel(StandsForModels, Protocol):
    """What stands between a loop and a model: `Scorer` with a thread, `IsolatedScorer` with a process."""

    def score(self, subject: Subject, until_ns: int) -> Scores:
        """Score before `until_ns`, or raise BackendHung or BackendFailed."""
        ...


@dataclass(frozen=True, slots=True)
class InspectionPoint:
    """What belongs to one point.

    settings: its table of the configuration.
    sensitivity: its threshold. lessons: what it was taught.
    predictors: of its models, in the order of the configuration.
    scorer: guards them.
    halt: ends the loop.
    stall_s: a loop that made no step for so long is stuck.
    listeners: the wires of its trigger, that of its parts first.
    crossings: what looks at a camera's pictures while a part is judged, None for a trigger that needs none.
    announced: parts that the line announced or that crossed, None for a trigger in which none waits for its turn.
    beside: read the own sources of its models.
    motion: what passes over pictures in which nothing moved, None where each is a part.
    """

    settings: Point
    inventory: Inventory
    predictors: tuple[Predictor, ...]
    sensitivity: Sensitivity
    lessons: Lessons
    scorer: StandsForModels
    reader: Reader
    pipeline: Pipeline
    halt: threading.Event
    stall_s: float
    listeners: tuple[Listener[Any], ...] = ()
    crossings: OwnThread | None = None
    motion: CountsSkipped | None = None
    announced: BacklogCounts | None = None
    beside: tuple[Reader, ...] = ()

    def start(self) -> None:
        """Model first, then the threads of the trigger, then the loop."""
        self.scorer.start()
        for thread in self._of_trigger:
            thread.start()
        self.pipeline.start()

    def ask_to_stop(self) -> None:
        """Tell the loop and the threads of the trigger to end, without waiting."""
        self.halt.set()
        for thread in self._of_trigger:
            thread.ask_to_stop()

    def stop(self, timeout_s: float, clock: Clock) -> bool:
        """Wait for both; a model that still computes must not lose its memory under its feet."""
        until_ns = clock.now_ns() + int(timeout_s * _NS_PER_S)

        def left_s() -> float:
            return max((until_ns - clock.now_ns()) / _NS_PER_S, 0.0)

        has_ended = self.pipeline.join(left_s())
        is_free = self.scorer.stop(left_s())
        if has_ended and is_free:
            for predictor in self.predictors:
                predictor.close()
        are_silent = [thread.stop(left_s()) for thread in self._of_trigger]
        are_kept = self.lessons.close(left_s())
        return has_ended and is_free and are_kept and all(are_silent)

    @property
    def _of_trigger(self) -> tuple[OwnThread, ...]:
        return self.listeners if self.crossings is None else (self.crossings,)

    def trouble(self, now_ns: int, hang_restart_s: float) -> str | None:
        """What only a restart of the daemon can mend, None while there is nothing of the kind."""
        name = self.inventory.name
        if (hung_s := self.scorer.hung_s()) >= hang_restart_s:
            return f"{name}: the backend has not answered for {hung_s:.1f} s"
        if (exhausted := next((one for one in (self.reader, *self.beside) if one.exhausted), None)) is not None:
            whose = "the source's" if exhausted is self.reader else "a model's own source's"
            return f"{name}: {whose} driver has swallowed {exhausted.counts.abandoned} threads"
        if not self.pipeline.running and not self.reader.ended:
            return f"{name}: the loop has ended although its source has not"
        if self.is_stuck(now_ns) and now_ns - self.pipeline.progress_at_ns >= hang_restart_s * _NS_PER_S:
            return f"{name}: the loop has been stuck for {hang_restart_s:g} s"
        return None

    def is_stuck(self, now_ns: int) -> bool:
        """Whether the loop runs and makes no progress; then the watchdog is not fed."""
        still_ns = now_ns - self.pipeline.progress_at_ns
        return self.pipeline.running and still_ns > self.stall_s * _NS_PER_S
