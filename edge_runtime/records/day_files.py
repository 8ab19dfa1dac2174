"""The record's files on the disk: one per UTC day (more where a day is long), mended at opening, within a quota.

A file is only ever appended to, so a clock that jumps can neither overwrite nor sort anything anew: it opens the file
of the day that it names. The quota counts files and bytes, never calendar days: a jump into the future removes nothing.
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_contracts.durable_folder import sync_folder
from edge_runtime.state_folder import make_folder

if TYPE_CHECKING:
    from pathlib import Path

PARTS_OF_QUOTA: Final = 8
"""A day's file that reaches this fraction of the quota is continued in a further one, so that the oldest can go."""

_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.(\d{1,6}))?\.csv")
_BLOCK: Final = 1 << 16
_log = logging.getLogger(__name__)


class DayFile(NamedTuple):
    """A file's place among the others: `2026-11-21.csv` is part 1 of its day, `2026-11-21.2.csv` part 2."""

    day: str
    part: int

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return f"{self.day}.csv" if self.part == 1 else f"{self.day}.{self.part}.csv"


class DayFiles:
    """Appends lines to the day's file.

    Args:
        folder: made when it is not there; what earlier runs left counts towards the quota.
        header: the first line of each file, line feed included.
        max_bytes: of all files together.
        keep_days: days that may have files.

    Attributes:
        removed: files that the quota took. mended_bytes: of half-written lines that were cut off.

    Raises:
        BadInputError: the folder cannot be made there.
        MediumRefused: the disk is full, read-only or broken just now.
    """

    def __init__(self, folder: Path, header: str, max_bytes: int, keep_days: int) -> None:
        self.removed = self.mended_bytes = 0
        self._folder, self._header = folder, header.encode()
        self._max_bytes, self._keep_days = max_bytes, keep_days
        make_folder(folder, "folder for the verdict records")
        self._sizes = {place: (folder / place.name).stat().st_size for place in day_files(folder)}
        self._sound: set[DayFile] = set()

    def append(self, day: str, body: bytes) -> None:
        """Add whole lines to a day and bring them to the disk.

        Args:
            day: as in `2026-11-21`.
            body: one line or more, each ended by a line feed.

        Raises:
            OSError: the disk did not take them; none of them is in the file then.
        """
        place = self._place(day, len(body))
        self._make_room(place, len(body))
        path = self._folder / place.name
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            size = self._begin(descriptor, place)
            _write_all_or_nothing(descriptor, (b"" if size else self._header) + body, size)
            self._sizes[place] = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self._folder)

    def _place(self, day: str, more_bytes: int) -> DayFile:
        """The last part of the day, or a new one where that is full or was begun with another header."""
        last = max((place for place in self._sizes if place.day == day), default=DayFile(day, 1))
        full = self._sizes.get(last, 0) + more_bytes > self._max_bytes // PARTS_OF_QUOTA
        fits = last not in self._sizes or (not full and self._has_our_header(last))
        return last if fits else DayFile(day, last.part + 1)

    def _has_our_header(self, place: DayFile) -> bool:
        if place in self._sound:
            return True
        try:
            with (self._folder / place.name).open("rb") as file:
                found = file.read(len(self._header))
        except FileNotFoundError:
            return True
        return self._header.startswith(found) if len(found) < len(self._header) else found == self._header

    def _begin(self, descriptor: int, place: DayFile) -> int:
        """Mend the file where this run has not written its last byte; its size then."""
        size = os.fstat(descriptor).st_size
        if place in self._sound and size == self._sizes.get(place):
            return size
        whole = _end_of_last_line(descriptor, size)
        if whole < size:
            os.ftruncate(descriptor, whole)
            self.mended_bytes += size - whole
            _log.warning("%s: a half-written line of %d bytes was cut off", place.name, size - whole)
        self._sound.add(place)
        return whole

    def _make_room(self, current: DayFile, more_bytes: int) -> None:
        for place in sorted(self._sizes):
            days = {known.day for known in self._sizes} | {current.day}
            within = sum(self._sizes.values()) + more_bytes <= self._max_bytes and len(days) <= self._keep_days
            if within:
                return
            if place != current:
                (self._folder / place.name).unlink(missing_ok=True)
                del self._sizes[place]
                self.removed += 1


def day_files(folder: Path) -> list[DayFile]:
    """The record's files in a folder, by day and part; other files are passed over."""
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir() if path.is_file())
    return sorted(DayFile(match[1], int(match[2] or 1)) for match in found if match)


def _end_of_last_line(descriptor: int, size: int) -> int:
    """Where the last line feed ends; a power cut leaves half a line, or zeros, behind it."""
    end = size
    while end > 0:
        begin = max(end - _BLOCK, 0)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def _write_all_or_nothing(descriptor: int, body: bytes, size: int) -> None:
    """Append and sync; what a full disk took of it is cut off again, so that no line is there twice later."""
    try:
        rest = memoryview(body)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
