"""A feed that gives what a test lays in, and moves the clock when it gives nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.capture.owed_files import OwedFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.capture.source import Reading
    from tests.fakes.clock import FakeClock


class FakeFeed:
    """Behind its last picture a replayed feed has ended, and a live one is silent.

    Args:
        make: one entry per take; None for "nothing came in time"; each is called when it is taken.
    """

    def __init__(self, clock: FakeClock, make: list[Callable[[], Reading] | None], *, live: bool = False) -> None:
        self.live = live
        self.owed = OwedFiles()
        self.lost: str | None = None
        self.wants = 0
        self._clock = clock
        self._make = list(make)

    def lay_in(self, *make: Callable[[], Reading] | None) -> None:
        """What the next takes give, behind what lies there."""
        self._make += make

    @property
    def ended(self) -> bool:
        return not self.live and not self._make

    def want(self) -> None:
        self.wants += 1

    def take(self, timeout_s: float) -> Reading | None:
        make = self._make.pop(0) if self._make else None
        if make is not None:
            return make()
        self._clock.advance(timeout_s)
        return None
