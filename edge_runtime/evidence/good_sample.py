"""Every n-th good part's picture, to compare with and to train on when the line changes."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.occasion import Inspected


class GoodSample:
    """A sink that picks the first and then every n-th good part of each point.

    Args:
        every: n.
        keep: is given what was picked; returns at once.
    """

    def __init__(self, every: int, keep: Callable[[Inspected], object]) -> None:
        self._every, self._keep = every, keep
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()

    def take(self, inspected: Inspected) -> None:
        """Count a good part."""
        verdict = inspected.verdict
        if verdict.outcome is not Outcome.GOOD or inspected.frame is None:
            return
        with self._lock:
            number = self._seen[verdict.point]
            self._seen[verdict.point] += 1
        if number % self._every == 0:
            self._keep(inspected)
