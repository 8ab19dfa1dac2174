"""Who changed what on the board: one JSON line per change, on disk before the change takes effect."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

BYTES_MAX: Final = 1 << 20
"""About 4,000 changes; then the file becomes `audit.jsonl.1` in the place of the one before."""


class AuditFile:
    """`audit.jsonl`: appended to, never rewritten.

    Args:
        path: its folder exists.
        wall_clock: the moment of a line, in UTC; a board without a clock may be wrong, so lines count by their order.
    """

    def __init__(self, path: Path, wall_clock: Callable[[], datetime]) -> None:
        self._path = path
        self._wall_clock = wall_clock
        self._turn = threading.Lock()

    def append(self, entry: dict[str, Any]) -> None:
        """Write one line and wait until the disk has it.

        Raises:
            MediumRefused: the disk does not take it; then the change must not be made.
        """
        line = json.dumps({"at": self._wall_clock().isoformat(timespec="seconds"), **entry}, ensure_ascii=False)
        try:
            with self._turn:
                self._turn_over()
                with self._path.open("ab") as file:
                    file.write(line.encode("utf-8", "backslashreplace") + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise MediumRefused(
                f"wanted to note a change in {self._path}, found: {error}; nothing was changed, mend the disk first"
            ) from error

    def _turn_over(self) -> None:
        if self._path.exists() and self._path.stat().st_size >= BYTES_MAX:
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
