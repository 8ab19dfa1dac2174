"""The daily records, read again: for rehearsals, for the sensitivity slider, for whoever asks what happened."""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.verdict_row import VerdictRow
from edge_runtime.records.day_files import DayFile, day_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class RecordedVerdicts:
    """The verdicts in a folder of records, in the order of days and, within a day, as they were written.

    Example:
        >>> for row in RecordedVerdicts(Path("state/verdicts")).of("2026-11-21"):
        ...     print(row.part, row.outcome.value)

    Args:
        folder: may be one that a daemon writes to at this moment; a half-written last line is passed over.

    Attributes:
        unreadable: lines that were passed over because they could not be read, since this object was made.
    """

    def __init__(self, folder: Path) -> None:
        self.unreadable = 0
        self._folder = folder

    def days(self) -> list[str]:
        """The days that have files, as in `2026-11-21`, in order."""
        return sorted({place.day for place in self._places()})

    def of(self, day: str) -> Iterator[VerdictRow]:
        """The verdicts of one day."""
        for place in self._places():
            if place.day == day:
                yield from self._rows(self._folder / place.name)

    def __iter__(self) -> Iterator[VerdictRow]:
        for place in self._places():
            yield from self._rows(self._folder / place.name)

    def last(self, count: int, point: str | None = None) -> list[VerdictRow]:
        """The last verdicts, of one point or of all, oldest first; reads no more files than it must."""
        found: deque[VerdictRow] = deque(maxlen=count)
        for place in reversed(self._places()):
            newest: deque[VerdictRow] = deque(maxlen=max(count - len(found), 0))
            newest.extend(row for row in self._rows(self._folder / place.name) if point in {None, row.point})
            found.extendleft(reversed(newest))
            if len(found) >= count:
                break
        return list(found)

    def _places(self) -> list[DayFile]:
        return day_files(self._folder) if self._folder.is_dir() else []

    def _rows(self, path: Path) -> Iterator[VerdictRow]:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = map(self._parsed, csv.DictReader(line for line in file if _is_whole(line)))
            yield from (row for row in rows if row is not None)

    def _parsed(self, cells: Mapping[str, str]) -> VerdictRow | None:
        try:
            return VerdictRow.parse(cells)
        except BadInputError:
            self.unreadable += 1
            return None


def _is_whole(line: str) -> bool:
    return line.endswith("\n") and "\0" not in line
