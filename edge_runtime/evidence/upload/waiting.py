"""Which piece of evidence goes next: the newest, because a person looks at the alert that has just come.

What the store removes waits no longer, so no more wait than lie on the disk, about 400 bytes of memory each.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from edge_runtime.evidence.shares import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path


class Waiting:
    """Files that are to be uploaded; any thread may add and remove.

    Args:
        folder: of the evidence store, whose classes are its sub-folders.
        kinds: first words of the classes that are uploaded.
        is_done: whether a content, by its digest, was uploaded.
    """

    def __init__(self, folder: Path, kinds: Collection[str], is_done: Callable[[str], bool]) -> None:
        self._folder, self._kinds, self._is_done = folder, frozenset(kinds), is_done
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, None] = OrderedDict()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._files)

    def find(self) -> None:
        """Add what an earlier run left, behind what has come since, the newest of it first."""
        found = [path for path in self._folder.glob("*/??/*") if self._is_wanted(path)]
        dated = sorted((when, path) for path in found if (when := _modified_ns(path)) is not None)
        with self._lock:
            for _, path in reversed(dated):
                if path not in self._files:
                    self._push_behind(path)

    def present(self) -> set[str]:
        """Digests of all content that the store has now."""
        return {path.stem for path in self._folder.glob("*/??/*")}

    def add(self, path: Path) -> bool:
        """A file was kept; whether it is to be uploaded."""
        if not self._is_wanted(path):
            return False
        with self._lock:
            self._files[path] = None
            self._files.move_to_end(path)
        return True

    def remove(self, path: Path) -> bool:
        """A file is gone; whether it was waiting."""
        with self._lock:
            was_there = path in self._files
            self._files.pop(path, None)
        return was_there

    def newest(self) -> Path | None:
        """The next to go, taken out; None when nothing waits."""
        with self._lock:
            return self._files.popitem()[0] if self._files else None

    def put_back(self, path: Path) -> None:
        """It did not go: the others are tried first, so that one that never goes holds up none."""
        with self._lock:
            self._push_behind(path)

    def _push_behind(self, path: Path) -> None:
        """Under the lock."""
        self._files[path] = None
        self._files.move_to_end(path, last=False)

    def _is_wanted(self, path: Path) -> bool:
        is_whole = path.suffix != ".partial"
        return is_whole and kind_of(path.parent.parent.name) in self._kinds and not self._is_done(path.stem)


def _modified_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
