"""A plain line per stage of long work, where no bar can be drawn: in a log, in a pipe, under continuous integration.

Quick work says nothing, so that a script's output stays what it asked for.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_S = 5.0
"""Work that is done by then is told by its result alone."""

AGAIN_S = 30.0
"""A stage that lasts is told again after so long, to show that it moves."""


class StageLines:
    """Told a stage and the fraction of it that is done, as a bar is.

    Example:
        lines = StageLines(lambda line: click.echo(line, err=True))
        lines("calibrate", 0.3)

    Args:
        write: takes one line without its end.
        clock: seconds, monotonic.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._begin_s = clock()
        self._told_s: dict[str, float] = {}

    def __call__(self, stage: str, done: float) -> None:
        """Write a line if the work is long and this stage was not told lately.

        Args:
            stage: its name.
            done: 0 to 1.
        """
        now = self._clock()
        if now - self._begin_s < QUIET_S or now - self._told_s.get(stage, -math.inf) < AGAIN_S:
            return
        self._told_s[stage] = now
        self._write(f"{stage}: {100 * done:.0f} % after {now - self._begin_s:.0f} s")
