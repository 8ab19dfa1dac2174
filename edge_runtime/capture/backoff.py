"""How long to wait before a source is opened again: longer each time, and never in step with the other boards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Backoff:
    """Exponential, with jitter over the upper half.

    random: uniform in [0, 1).
    first_s, most_s: the wait's length before jitter, for the first failure and at most. A camera that is back is seen
        within 5 s: 3 s of waiting, the rest for opening it.
    """

    random: Callable[[], float]
    first_s: float = 0.5
    most_s: float = 3.0
    _failures: int = field(default=0, init=False)

    def next_s(self) -> float:
        """The wait after one more failure, in seconds."""
        full_s = min(self.first_s * 2.0 ** min(self._failures, 32), self.most_s)
        self._failures += 1
        return full_s * (0.5 + 0.5 * self.random())

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
