"""One inspection point of a running daemon: its model, its reader and its loop, started and stopped together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.device import InspectionPoint as Inventory
    from edge_runtime.capture.reader import Reader
    from edge_runtime.clock import Clock
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.inspection.scorer import Scorer
    from edge_runtime.pipeline import Pipeline
    from edge_runtime.terminals.listener import Listener

_NS_PER_S = 1_000_000_000
LOOPS_STOP_S = 4.0
SOURCES_STOP_S = 3.0
MODELS_STOP_S = 3.0
"""How long the loops of all points together may take to end, then all sources, then all models."""


@dataclass(frozen=True, slots=True)
class InspectionPoint:
    """What belongs to one point.

    stall_s: a loop that made no step for so long is stuck.
    listeners: the wires of its trigger.
    """

    inventory: Inventory
    predictor: Predictor
    scorer: Scorer
    reader: Reader
    pipeline: Pipeline
    stall_s: float
    listeners: tuple[Listener[Any], ...] = ()

    def start(self) -> None:
        """Model first, then pictures, then the wires of the trigger, then the loop."""
        self.scorer.start()
        self.reader.start()
        for listener in self.listeners:
            listener.start()
        self.pipeline.start()

    def trouble(self, now_ns: int, hang_restart_s: float) -> str | None:
        """What only a restart of the daemon can mend, None while there is nothing of the kind."""
        name = self.inventory.name
        if (hung_s := self.scorer.hung_s()) >= hang_restart_s:
            return f"{name}: the backend has not answered for {hung_s:.1f} s"
        if self.reader.exhausted:
            return f"{name}: the source's driver has swallowed {self.reader.counts.abandoned} threads"
        if not self.pipeline.running and not self.reader.ended:
            return f"{name}: the loop has ended although its source has not"
        if self.is_stuck(now_ns) and now_ns - self.pipeline.progress_at_ns >= hang_restart_s * _NS_PER_S:
            return f"{name}: the loop has been stuck for {hang_restart_s:g} s"
        return None

    def is_stuck(self, now_ns: int) -> bool:
        """Whether the loop runs and makes no progress; then the watchdog is not fed."""
        still_ns = now_ns - self.pipeline.progress_at_ns
        return self.pipeline.running and still_ns > self.stall_s * _NS_PER_S


def stop_loops(points: Sequence[InspectionPoint], clock: Clock) -> bool:
    """Wait for the loops, whose stop event must be set already; False when one does not end."""
    left_s = _countdown(clock, LOOPS_STOP_S)
    ended = [point.pipeline.join(left_s()) for point in points]
    return all(ended)


def stop_sources(points: Sequence[InspectionPoint], clock: Clock) -> bool:
    """Stop all readers and listeners side by side; False when one hangs in its driver."""
    parts: list[Reader | Listener[Any]] = []
    for point in points:
        parts += [point.reader, *point.listeners]
    for part in parts:
        part.ask_to_stop()
    left_s = _countdown(clock, SOURCES_STOP_S)
    ended = [part.stop(left_s()) for part in parts]
    return all(ended)


def stop_models(points: Sequence[InspectionPoint], clock: Clock) -> bool:
    """Stop all models side by side; False when one still computes: it must not lose its memory under its feet."""
    for point in points:
        point.scorer.ask_to_stop()
    left_s = _countdown(clock, MODELS_STOP_S)
    ended = [_stop_model(point, left_s()) for point in points]
    return all(ended)


def _stop_model(point: InspectionPoint, timeout_s: float) -> bool:
    ended = point.scorer.stop(timeout_s)
    if ended:
        point.predictor.close()
    return ended


def _countdown(clock: Clock, total_s: float) -> Callable[[], float]:
    """What is left of a time that several waits share, in seconds."""
    until_ns = clock.now_ns() + int(total_s * _NS_PER_S)
    return lambda: max((until_ns - clock.now_ns()) / _NS_PER_S, 0.0)
