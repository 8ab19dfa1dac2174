"""Somebody who harms a source once a part was good, lets go again, and leaves when a part is good once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.stations import StopAfter

if TYPE_CHECKING:
    from collections.abc import Callable

DURING = 3
"""So many parts at least are inspected while the harm lasts."""


class Saboteur(StopAfter):
    """Takes JSON lines; `during` are the verdicts of the harm, but for the one in whose middle it began.

    Args:
        harm: begins it.
        mend: ends it.
        most: verdicts after which it gives up.
    """

    def __init__(self, harm: Callable[[], object], mend: Callable[[], object], most: int = 60) -> None:
        super().__init__(most)
        self._harm = harm
        self._mend = mend
        self._harmed_at = 0

    def write(self, text: str) -> int:
        written = super().write(text)
        outcomes = [verdict["outcome"] for verdict in self.verdicts]
        mended_at = self._harmed_at + DURING + 1
        if not self._harmed_at and outcomes[-1] == "good":
            self._harmed_at = len(outcomes)
            self._harm()
        elif self._harmed_at and len(outcomes) == mended_at:
            self._mend()
        elif self._harmed_at and len(outcomes) > mended_at and outcomes[-1] == "good":
            self.stop.set()
        return written

    @property
    def during(self) -> list[dict[str, object]]:
        return self.verdicts[self._harmed_at + 1 : self._harmed_at + 1 + DURING]
