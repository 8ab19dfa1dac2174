"""How long an output's thread has been with its driver: one that does not come back is as good as lost.

A driver that hangs raises nothing, so its own thread cannot say so; whoever asks for `lost` sees it from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from edge_runtime.clock import Clock

HANGS_S = 3.0
"""Longer than any driver waits for an answer where `timeout_ms` is not set higher."""
_NS_PER_S = 1_000_000_000


class DriverTime:
    """Entered by the output's thread for each call of its driver; asked by any thread.

    Args:
        clock: monotonic.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ns: int | None = None

    def __enter__(self) -> None:
        self._since_ns = self._clock.now_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._since_ns = None

    @property
    def hangs(self) -> str | None:
        """That it does not come back, None while it does."""
        since_ns = self._since_ns
        is_long = since_ns is not None and self._clock.now_ns() - since_ns > HANGS_S * _NS_PER_S
        return f"its driver hangs: no answer for more than {HANGS_S:g} s" if is_long else None
