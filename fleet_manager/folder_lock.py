"""One manager per folder: the kernel holds the lock for the process's life, and lets go however it ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE: Final = "manager.lock"
"""Holds the process's number, for the refusal alone; it stays when the lock is gone."""
_OWNER_ONLY: Final = 0o600
_LONGEST_NUMBER: Final = 20


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Have a folder alone until the block ends.

    Raises:
        BadInputError: another manager has it, or nothing can be written there.
    """
    path = folder / FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ONLY)
    except OSError as err:
        raise _unwritable(path, err) from err
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as err:
        holder = os.pread(descriptor, _LONGEST_NUMBER, 0).decode("ascii", "replace").strip()
        raise BadInputError(
            f"wanted {path.parent} for this manager alone, found it in use by process {holder or '?'}: stop that one, "
            "or give --folder another folder"
        ) from err
    except OSError as err:
        raise _unwritable(path, err) from err


def _unwritable(path: Path, err: OSError) -> BadInputError:
    return BadInputError(
        f"wanted to write {path}, found {err.strerror}: make room there, let this user write, or give --folder another"
    )
