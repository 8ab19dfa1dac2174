"""A folder for what a command writes, which leaves no trace where nothing could be written."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """A folder and those above it; which of them were not there before and are empty at the end, go again.

    Raises:
        OSError: the disk does not take it.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for each in missing:
            # Not empty, or never made.
            with suppress(OSError):
                each.rmdir()
