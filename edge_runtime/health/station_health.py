"""The station's health put together: what is watched, in which order, and what of it stands in the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_contracts.message import ClockTrust
from edge_runtime.health.board import BoardFiles, BoardHealth
from edge_runtime.health.board_rule import BoardRule
from edge_runtime.health.flash_wear import FlashWear
from edge_runtime.health.slowing import Slowing
from edge_runtime.inventory import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_contracts.station import StationConfig
    from edge_runtime.cameras import Cameras
    from edge_runtime.clock import Clock
    from edge_runtime.conditions import Conditions
    from edge_runtime.health.verdict_watch import VerdictWatch
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.pace import Paces

CLOCK_PATIENCE_NS: Final = 600 * 1_000_000_000
"""How long after the start nobody must have set the clock before that is told."""


class Around(Protocol):
    """What of the daemon's own the health watch stands on."""

    @property
    def clock(self) -> Clock:
        """Monotonic."""
        ...

    @property
    def delivery_clock(self) -> DeliveryClock:
        """All clocks."""
        ...

    @property
    def conditions(self) -> Conditions:
        """What is wrong now."""
        ...

    @property
    def verdict_watch(self) -> VerdictWatch:
        """Knows the parts without a verdict in time."""
        ...


class StationHealth:
    """What fills the register of conditions beside the loops.

    Args:
        config: the whole station.
        state_folder: whose disk is watched.
        around: the daemon's own.
        cameras: the points' picture checks.
        paces: the free-running points.
        free_running: their names.

    Attributes:
        flash: what is written, and whether pictures may be.
        board: the last look at the board.
    """

    def __init__(
        self,
        config: StationConfig,
        state_folder: Path,
        around: Around,
        cameras: Cameras,
        paces: Paces,
        free_running: Sequence[str],
    ) -> None:
        clock, conditions = around.clock, around.conditions
        self.flash = FlashWear(config.board.flash_bytes_per_day, clock, conditions)
        self.board = BoardHealth()
        self._around, self._began_ns = around, clock.now_ns()
        self._files = BoardFiles(state_folder)
        self._rule = BoardRule(config.board, conditions)
        self._cameras = cameras
        missed = around.verdict_watch.missed_since
        self._slowing = Slowing(config.governor, free_running, paces, conditions, missed, clock)

    def rounds(self) -> tuple[Callable[[], object], ...]:
        """What the health watch does each period."""
        return (self._look_at_board, self._look_at_clock, self.flash.look, self._cameras.keep_places)

    def summary(self) -> Health:
        """What the state tells; may be asked from any thread."""
        board = self.board
        return Health(
            temperature_c=board.temperature_c,
            throttled=board.throttled,
            under_voltage=board.under_voltage,
            busy=None if board.busy is None else round(board.busy, 3),
            memory_free_bytes=board.memory_free_bytes,
            flash_bytes_per_day=self.flash.bytes_in_a_day,
            governor_level=self._slowing.level or None,
            conditions=self._around.conditions.active(),
        )

    def end(self) -> None:
        """What this watch holds back is held back no more; whoever follows it judges anew."""
        self._slowing.end()

    def _look_at_board(self) -> None:
        self.board = self._files.look()
        self._rule.judge(self.board)
        self._slowing.look(self.board)

    def _look_at_clock(self) -> None:
        """NTP needs a moment after boot."""
        late = self._around.clock.now_ns() - self._began_ns >= CLOCK_PATIENCE_NS
        unset = late and self._around.delivery_clock.now().trust is ClockTrust.NONE
        reason = "nobody has set the clock: times in messages and records may be wrong, their order is not; set up NTP"
        self._around.conditions.set(AlarmType.CLOCK, "wall clock", reason if unset else None, Severity.INFO)
