"""Folders that a power cut leaves where they are: a name is durable when the folder that holds it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_durably(folder: Path) -> None:
    """Make a folder and those above it that are missing, each name on the medium.

    Raises:
        OSError: the disk does not take it.
    """
    if folder.is_dir():
        return
    make_durably(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the medium.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
