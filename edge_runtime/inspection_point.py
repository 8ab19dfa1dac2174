"""One inspection point of a running daemon: its model, its reader and its loop, started and stopped together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_contracts.device import InspectionPoint as Inventory
    from edge_runtime.capture.reader import Reader
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.pipeline import Pipeline
    from edge_runtime.scorer import Scorer

_NS_PER_S = 1_000_000_000
STOP_TIMEOUT_S = 3.0
"""How long each thread may take to end."""


@dataclass(frozen=True, slots=True)
class InspectionPoint:
    """What belongs to one point.

    stall_s: a loop that made no step for so long is stuck.
    """

    inventory: Inventory
    predictor: Predictor
    scorer: Scorer
    reader: Reader
    pipeline: Pipeline
    stall_s: float

    def start(self) -> None:
        """Model first, then pictures, then the loop."""
        self.scorer.start()
        self.reader.start()
        self.pipeline.start()

    def stop(self) -> None:
        """The loop first, then pictures, then the model; the loop's stop event must be set already."""
        self.pipeline.join(STOP_TIMEOUT_S)
        self.reader.stop(STOP_TIMEOUT_S)
        # A runtime that still computes must not lose its memory under its feet.
        if self.scorer.stop(STOP_TIMEOUT_S):
            self.predictor.close()

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
