"""How long a commit of the spool waits for company: the busier the station, the longer, so that the flash lasts.

A commit writes the same few pages however many alerts it holds, so one alert alone costs six times what it costs among
fifteen (decision 088). A calm station pays that for a quick alert; a busy one waits up to 0.75 s and spares its card.
Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

MEMORY_S: Final = 3.0
"""Arrivals count for about so long: six of them at two per second, sixty at twenty."""


@dataclass(frozen=True, slots=True)
class WindowRule:
    """From a rate of alerts to a wait.

    shortest_s: the wait of a calm station.
    longest_s: the wait of a busy one; never below `shortest_s`.
    calm_hz: alerts per second up to which a station is calm. Twice the two per second for which an alert is promised
        within 200 ms, so that chance arrivals of that rate stay below it.
    busy_hz: alerts per second from which it is busy; between the two the wait grows evenly.
    company: alerts that are company enough; at high rates the wait is only as long as they take to come.
    """

    shortest_s: float = 0.02
    longest_s: float = 0.75
    calm_hz: float = 4.0
    busy_hz: float = 12.0
    company: int = 32

    def wait_s(self, rate_hz: float) -> float:
        """Seconds that a commit waits, counted from its first alert, where `rate_hz` alerts come per second."""
        busy = min(max((rate_hz - self.calm_hz) / (self.busy_hz - self.calm_hz), 0.0), 1.0)
        grown_s = self.shortest_s + busy * max(0.0, self.longest_s - self.shortest_s)
        return max(self.shortest_s, min(grown_s, self.company / max(rate_hz, self.calm_hz)))


class ArrivalRate:
    """Alerts per second, the recent ones weighing most."""

    def __init__(self) -> None:
        self._hz = 0.0
        self._at_s = 0.0

    def arrived(self, now_s: float) -> None:
        """One more, at monotonic time `now_s`."""
        self._hz = self.hz(now_s) + 1 / MEMORY_S
        self._at_s = max(self._at_s, now_s)

    def hz(self, now_s: float) -> float:
        """The estimate at monotonic time `now_s`."""
        return self._hz * math.exp(-max(0.0, now_s - self._at_s) / MEMORY_S)
