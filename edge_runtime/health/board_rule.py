"""What of a board's health is worth an alarm. Pure but for the register that it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity

if TYPE_CHECKING:
    from edge_contracts.station import Board
    from edge_runtime.conditions import Conditions
    from edge_runtime.health.board import BoardHealth

HYSTERESIS_C: Final = 5.0
ROOM: Final = "room"
"""Where a disk alarm is that tells of too little room."""
_MB: Final = 1_000_000


class BoardRule:
    """Raises and clears the board's alarms.

    Args:
        limits: the `[board]` table.
        conditions: where they are told.
    """

    def __init__(self, limits: Board, conditions: Conditions) -> None:
        self._limits, self._conditions = limits, conditions

    def judge(self, health: BoardHealth) -> None:
        """Tell what the look found; what could not be read changes nothing."""
        self._temperature(health.temperature_c)
        self._throttling(health)
        self._power(health)
        self._disk(health)
        self._memory(health.memory_free_bytes)

    def _temperature(self, found_c: float | None) -> None:
        if found_c is None:
            return
        was_hot = self._conditions.is_active(AlarmType.TEMPERATURE, "processor")
        limit_c = self._limits.hot_c - (HYSTERESIS_C if was_hot else 0)
        reason = f"wanted less than {self._limits.hot_c:g} °C, found {found_c:.1f}; give the board air or a heat sink"
        self._conditions.set(AlarmType.TEMPERATURE, "processor", reason if found_c >= limit_c else None)

    def _throttling(self, health: BoardHealth) -> None:
        if health.throttled is None:
            return
        reason = "the board slows its processor down, for heat or voltage; see to cooling and power supply"
        self._conditions.set(AlarmType.TEMPERATURE, "throttling", reason if health.throttled else None)

    def _power(self, health: BoardHealth) -> None:
        """A dip is shorter than our period, so that it was there since boot counts too."""
        if health.under_voltage is None:
            return
        cure = "use the board maker's power supply and a short, thick cable"
        if health.under_voltage:
            self._conditions.set(AlarmType.POWER, "supply", f"the voltage is too low now; {cure}", Severity.CRITICAL)
        elif health.under_voltage_since_boot:
            self._conditions.set(AlarmType.POWER, "supply", f"the voltage was too low since boot; {cure}")
        else:
            self._conditions.set(AlarmType.POWER, "supply", None)

    def _disk(self, health: BoardHealth) -> None:
        if health.disk_free_bytes is None:
            return
        limit, free = self._limits.disk_free_bytes, health.disk_free_bytes
        full = f"wanted {limit / _MB:.0f} MB free beside the state folder, found {free / _MB:.0f}; remove files"
        self._conditions.set(AlarmType.DISK, ROOM, full if free < limit else None, Severity.CRITICAL)
        read_only = "the disk of the state folder is read-only: alerts and records wait in memory; mend or replace it"
        self._conditions.set(AlarmType.DISK, "writing", read_only if health.disk_read_only else None, Severity.CRITICAL)

    def _memory(self, free: int | None) -> None:
        if free is None:
            return
        limit = self._limits.memory_free_bytes
        reason = f"wanted {limit / _MB:.0f} MB of memory available, found {free / _MB:.0f}; run less beside the daemon"
        self._conditions.set(AlarmType.MEMORY, "board", reason if free < limit else None)
