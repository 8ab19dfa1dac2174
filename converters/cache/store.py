"""A folder of step results on disk, each under its fingerprint, within a limit of bytes.

A result is there whole or not at all: it is written beside its place and renamed into it. Several conversions may use
one folder at the same time; whoever renames last wins, and both wrote the same. What was not used for longest goes
first when the folder outgrows its limit.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from converters.cache.record import Record, RecordDamaged, read_record, write_record
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER_VARIABLE = "LEPTON_CACHE"
LIMIT_VARIABLE = "LEPTON_CACHE_MB"
LIMIT_BYTES = 2_000_000_000
ABANDONED_S = 3600.0
"""A partial file that nobody has written to for so long belongs to a process that was killed."""

_ENTRY = ".step"
_PARTIAL = ".partial"
_MEGABYTE = 1_000_000


class Store:
    """Results by step and key.

    Args:
        folder: made when the first result is kept; only its owner may read it.
        limit_bytes: of all results together.
        clock: seconds since the epoch, as the file system counts them.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._clock = clock

    def get(self, step: str, key: str) -> Record | None:
        """What was kept, None where nothing was.

        Raises:
            RecordDamaged: the entry was not what had been written; it is gone now.
            OSError: the entry is there and cannot be read.
        """
        path = self._path(step, key)
        try:
            with path.open("rb") as file:
                record = read_record(file)
        except FileNotFoundError:
            return None
        except RecordDamaged:
            path.unlink(missing_ok=True)
            raise
        now = self._clock()
        with suppress(OSError):  # a folder that may only be read, or an entry that was just evicted
            os.utime(path, (now, now))
        return record

    def put(self, step: str, key: str, record: Record) -> bool:
        """Keep a result, and let go what was not used for longest; False where it alone is beyond the limit.

        Raises:
            OSError: the disk said no; nothing is left behind.
        """
        path = self._path(step, key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(_PARTIAL, f".{key[:16]}.", path.parent)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                write_record(file, record)
            if partial.stat().st_size > self._limit_bytes:
                return False
            now = self._clock()
            os.utime(partial, (now, now))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._shrink(kept=path)
        return True

    def _path(self, step: str, key: str) -> Path:
        return self.folder / step / f"{key}{_ENTRY}"

    def _shrink(self, kept: Path) -> None:
        """Remove abandoned files, then the results that were not used for longest, until the rest is within limits."""
        entries = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):  # another conversion removed it
                found = path.stat()
                if path.suffix == _PARTIAL and found.st_mtime < self._clock() - ABANDONED_S:
                    path.unlink()
                elif path.suffix == _ENTRY:
                    entries.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit_bytes:
                return
            if path != kept:
                with suppress(OSError):
                    path.unlink()
                total -= size


def default_store(environment: Mapping[str, str] = os.environ) -> Store:
    """The user's store: `$LEPTON_CACHE`, else `lepton-edge` in the XDG cache folder, with at most `$LEPTON_CACHE_MB`.

    Raises:
        BadInputError: the limit is no number of megabytes.
    """
    named = environment.get(FOLDER_VARIABLE)
    below = environment.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    limit = environment.get(LIMIT_VARIABLE) or str(LIMIT_BYTES // _MEGABYTE)
    if not limit.isdecimal():
        raise BadInputError(f"wanted a whole number of megabytes in {LIMIT_VARIABLE}, found {limit!r}; mend it")
    return Store(Path(named) if named else Path(below, "lepton-edge"), int(limit) * _MEGABYTE)
