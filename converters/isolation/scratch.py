"""Temporary folders of a conversion, of which none outlives it for long.

A process that is killed cannot take its folder with it, and a copy of a model may have hundreds of megabytes. So each
folder is locked by its owner, the system opens the lock of a process that is dead, and whoever makes the next folder
takes away those that nobody holds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "lepton-"

_OWNER = ".owner"
"""The file that a folder's owner holds locked; a folder without one is not ours to take away."""

_UNLOCKED_YET = ".owner-new"


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder for the `with` block, called `lepton-<name>-…`; what killed processes have left goes first."""
    _sweep(Path(gettempdir()))
    with TemporaryDirectory(prefix=f"{PREFIX}{name}-") as folder:
        home = Path(folder)
        with _owned(home):
            yield home


@contextmanager
def _owned(home: Path) -> Iterator[None]:
    with (home / _UNLOCKED_YET).open("wb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        # Under its name only once it is locked: until then nobody takes the folder for one without an owner.
        (home / _UNLOCKED_YET).rename(home / _OWNER)
        yield


def _sweep(place: Path) -> None:
    """Take away this user's folders whose owner is dead."""
    for home in place.glob(f"{PREFIX}*"):
        # Another conversion may take it away at the same moment; what has no owner's file is none of ours.
        with suppress(OSError):
            if home.lstat().st_uid == os.getuid() and _is_left(home / _OWNER):
                shutil.rmtree(home)


def _is_left(owner: Path) -> bool:
    held = os.open(owner, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
