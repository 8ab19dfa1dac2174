"""So much per second, and so much at once: what a link or a backlog may use. Pure."""

from __future__ import annotations


class Allowance:
    """Grows evenly up to a limit; what is taken may overdraw it, and then the next waits longer.

    Args:
        per_s: units that it grows by in a second.
        most: units that it holds; it begins full.
    """

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s, self._most = per_s, most
        self._left = most
        self._at_s: float | None = None

    def left(self, now_s: float) -> float:
        """Units that may be taken at monotonic time `now_s`; below zero after an overdraft."""
        since_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        return min(self._most, self._left + since_s * self._per_s)

    def take(self, units: float, now_s: float) -> None:
        """Use some."""
        self._left = self.left(now_s) - units
        self._at_s = now_s if self._at_s is None else max(self._at_s, now_s)

    def wait_s(self, units: float, now_s: float) -> float:
        """Seconds until so many are there, or as many as it ever holds."""
        return max(0.0, min(units, self._most) - self.left(now_s)) / self._per_s
