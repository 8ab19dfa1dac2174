"""When the station does less, so that what it does is done in time: a pure rule.

It goes down one step when the board is hot or throttled, or when parts go without a verdict in time, waits until the
step has had its effect, and goes up again only after a cool time without trouble. It never leaves a part out that a
trigger announced: its steps make free-running points slower, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_contracts.station import Governor

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Strain:
    """What speaks for doing less.

    temperature_c: None where no sensor tells. throttled: None where the board does not tell.
    missed: parts without a verdict in time since the last look.
    """

    temperature_c: float | None
    throttled: bool | None
    missed: int


@dataclass(frozen=True, slots=True)
class Move:
    """A step that is to be taken.

    level: steps that are in force from now on; 0 is everything as configured.
    reason: why, a sentence.
    """

    level: int
    reason: str


class GovernorRule:
    """The rule of one station.

    Args:
        settings: the `[governor]` table.
    """

    def __init__(self, settings: Governor) -> None:
        self.level = 0
        self._settings = settings
        self._moved_at_ns: int | None = None
        self._calm_since_ns: int | None = None

    def look(self, strain: Strain, now_ns: int) -> Move | None:
        """The next step at monotonic time `now_ns`, None while nothing changes."""
        trouble = self._trouble(strain)
        if trouble is not None:
            self._calm_since_ns = None
            return self._down(trouble, now_ns)
        if not self._is_calm(strain):
            self._calm_since_ns = None
            return None
        if self._calm_since_ns is None:
            self._calm_since_ns = now_ns
        return self._up(now_ns)

    def _trouble(self, strain: Strain) -> str | None:
        if strain.temperature_c is not None and strain.temperature_c >= self._settings.hot_c:
            return f"the processor has {strain.temperature_c:.1f} °C"
        if strain.throttled:
            return "the board slows its processor down"
        if strain.missed >= self._settings.missed_parts:
            return f"{strain.missed} parts had no verdict in time"
        return None

    def _is_calm(self, strain: Strain) -> bool:
        cool = strain.temperature_c is None or strain.temperature_c < self._settings.cool_c
        return cool and not strain.throttled and not strain.missed

    def _down(self, reason: str, now_ns: int) -> Move | None:
        settled = self._moved_at_ns is None or now_ns - self._moved_at_ns >= self._settings.settle_s * _NS_PER_S
        if self.level >= len(self._settings.steps) or not settled:
            return None
        self.level, self._moved_at_ns = self.level + 1, now_ns
        return Move(self.level, reason)

    def _up(self, now_ns: int) -> Move | None:
        calm_since_ns = self._calm_since_ns
        if not self.level or calm_since_ns is None or now_ns - calm_since_ns < self._settings.hold_s * _NS_PER_S:
            return None
        self.level, self._moved_at_ns, self._calm_since_ns = self.level - 1, now_ns, now_ns
        return Move(self.level, f"calm for {self._settings.hold_s:g} s")
