"""What has been uploaded, one short line each in a file; cheap rather than safe.

Lines are appended without a sync: a killed daemon forgets nothing, a power cut the last half minute, and what is
forgotten costs one question to the manager. A file that has grown long is written anew, without what is gone.

A line: digest (or `-` for bytes of a transfer that did not end), bytes sent, hour since the board's start, its boot.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from edge_runtime.evidence.upload.budget import Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

UNKNOWN: Final = "unknown"
LINES_MOST: Final = 20_000
_LINE: Final = re.compile(r"([0-9a-f]{64}|-) (\d{1,12}) (\d{1,9}) (\S{1,36})", re.ASCII)
_log = logging.getLogger(__name__)


class UploadMemory:
    """The file; what goes wrong with it is said once and holds up nothing.

    Args:
        path: where it is; made with the first line.
        boot: names this start of the board; where nobody knows it, what was sent before is not known again.

    Attributes:
        spent: what was sent in each hour of this start of the board, as found.
    """

    def __init__(self, path: Path, boot: str | None) -> None:
        self._path, self._boot = path, boot or UNKNOWN
        self._known: set[str] = set()
        self._lines, self._lines_most = 0, LINES_MOST
        self._is_well = True
        self.spent: list[Spent] = []
        for digest, size, hour, of_boot in self._found():
            if digest != "-":
                self._known.add(digest)
            if of_boot == boot:
                self.spent.append(Spent(int(hour), int(size)))

    def __contains__(self, sha256: object) -> bool:
        """Whether this content was uploaded."""
        return sha256 in self._known

    def note(self, sha256: str | None, size: int, hour: int) -> None:
        """So many bytes were sent in an hour; with a digest, and now the manager has that content."""
        if sha256 is not None:
            self._known.add(sha256)
        self._lines += 1
        self._write("a", [f"{sha256 or '-'} {size} {hour} {self._boot}\n"])

    def tidy(self, present: Callable[[], set[str]], since_hour: int) -> None:
        """Where the file has grown long: forget content that is gone, and what was sent before an hour."""
        if self._lines <= self._lines_most:
            return
        kept = present()
        lines = [
            f"{digest} {size} {hour} {boot}\n"
            for digest, size, hour, boot in self._found()
            if digest in kept or (boot == self._boot and int(hour) >= since_hour)
        ]
        self._known &= kept
        self._lines, self._lines_most = len(lines), max(LINES_MOST, 2 * len(lines))
        self._write("w", lines)

    def _found(self) -> list[tuple[str, ...]]:
        try:
            lines = self._path.read_text("ascii", errors="replace").splitlines()
        except OSError:
            return []
        self._lines = len(lines)
        return [found.groups() for found in map(_LINE.fullmatch, lines) if found]

    def _write(self, mode: str, lines: Iterable[str]) -> None:
        try:
            with self._path.open(mode, encoding="ascii") as file:
                file.writelines(lines)
        except OSError as error:
            if self._is_well:
                _log.warning(
                    "wanted to note what was uploaded in %s, found: %s; it may be asked for again", self._path, error
                )
            self._is_well = False
        else:
            self._is_well = True
