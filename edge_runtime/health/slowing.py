"""The governor's hands: asks how the board does, takes the rule's steps, and says each of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_runtime.health.governor import GovernorRule, Strain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Governor
    from edge_runtime.clock import Clock
    from edge_runtime.conditions import Conditions
    from edge_runtime.health.board import BoardHealth
    from edge_runtime.health.governor import Move
    from edge_runtime.pace import Paces

_log = logging.getLogger(__name__)


class Slowing:
    """Slows free-running points down and lets them run again.

    Args:
        settings: the `[governor]` table.
        points: names of the points that run by an interval.
        paces: their triggers.
        conditions: has one condition per step in force.
        missed: parts without a verdict in time since it was asked last.
        clock: monotonic.
    """

    def __init__(
        self,
        settings: Governor,
        points: Sequence[str],
        paces: Paces,
        conditions: Conditions,
        missed: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._settings, self._points, self._paces = settings, tuple(points), paces
        self._conditions, self._missed, self._clock = conditions, missed, clock
        self._rule = GovernorRule(settings)

    @property
    def level(self) -> int:
        """Steps in force."""
        return self._rule.level

    def look(self, board: BoardHealth) -> None:
        """Take a step where the rule wants one."""
        before = self._rule.level
        strain = Strain(board.temperature_c, board.throttled, self._missed())
        move = self._rule.look(strain, self._clock.now_ns())
        if move is not None:
            self._take(move, before)

    def end(self) -> None:
        """Nobody looks after the steps any more: points run as configured, and no step lasts."""
        self._paces.slow_down({})
        for step in range(1, self.level + 1):
            self._conditions.set(AlarmType.GOVERNOR, f"step {step}", None)

    def _take(self, move: Move, before: int) -> None:
        intervals = self._intervals_s(move.level)
        self._paces.slow_down(intervals)
        told = ", ".join(f"{point} every {interval_s:g} s" for point, interval_s in intervals.items())
        _log.warning(
            "governor: step %d, was %d, because %s: %s", move.level, before, move.reason, told or "as configured"
        )
        step = max(move.level, before)
        reason = f"inspects more rarely because {move.reason}: {told}" if move.level > before else None
        self._conditions.set(AlarmType.GOVERNOR, f"step {step}", reason)

    def _intervals_s(self, level: int) -> dict[str, float]:
        """A later step counts where two name the same point."""
        steps = self._settings.steps[:level]
        return {point: step.interval_s for step in steps for point in step.points or self._points}
