"""An upload into a folder: the part grows, is hashed when it is long enough, and gets its name by an atomic rename."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from fleet_manager.evidence.evidence_store import BLOCK_BYTES, NoRoom, Piece, WrongContent

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_manager.evidence.room import Room


@dataclass(frozen=True, slots=True)
class Goal:
    """What a part is to become.

    part: the file that grows. whole: the file that it becomes; both on one file system.
    sha256: of the whole, 64 hexadecimal digits. total: its bytes.
    """

    part: Path
    whole: Path
    sha256: str
    total: int


class DiskUpload:
    """One writer of one part; it holds the part's lock until it is closed.

    Args:
        descriptor: of the part, open for reading and writing, locked; closed by us.
        goal: what it is to become.
        room: the quota, in which what is missing has been taken.
    """

    def __init__(self, descriptor: int, goal: Goal, room: Room) -> None:
        self._descriptor, self._goal, self._room = descriptor, goal, room
        self._began = self._size = os.fstat(descriptor).st_size

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            BadInputError: more than was announced.
            NoRoom: the disk does not take it; what it took stays.
        """
        if self._size + len(data) > self._goal.total:
            raise BadInputError(f"wanted {self._goal.total} bytes in all, found more")
        left = memoryview(data)
        try:
            while left:
                done = os.pwrite(self._descriptor, left, self._size)
                self._size += done
                left = left[done:]
        except OSError as err:
            raise NoRoom(f"wanted to keep a piece of evidence, found {err.strerror}: look at the disk") from err

    def close(self) -> Piece:
        """Make it durable; visible when it is whole.

        Raises:
            WrongContent: it is long enough and another file; the part is removed.
            NoRoom: the disk does not take it.
        """
        kept = self._size - self._began
        try:
            os.fsync(self._descriptor)
            if self._size < self._goal.total:
                return Piece(self._size, is_whole=False)
            finish(self._descriptor, self._goal)
            return Piece(self._size, is_whole=True)
        except WrongContent:
            kept = -self._began
            raise
        except OSError as err:
            raise NoRoom(f"wanted to keep a piece of evidence, found {err.strerror}: look at the disk") from err
        finally:
            os.close(self._descriptor)
            self._room.settle(self._goal.total - self._began, kept)


def finish(descriptor: int, goal: Goal) -> None:
    """Give a part that is long enough its name.

    Raises:
        WrongContent: its hash is another; it is removed.
    """
    found = _sha256(descriptor)
    if found != goal.sha256:
        goal.part.unlink(missing_ok=True)
        raise WrongContent(
            f"wanted the file whose SHA-256 is {goal.sha256}, found {found}: it was removed, send it from the start"
        )
    goal.whole.parent.mkdir(parents=True, exist_ok=True)
    goal.part.rename(goal.whole)
    _sync_folder(goal.whole.parent)


def _sha256(descriptor: int) -> str:
    digest = hashlib.sha256()
    at = 0
    while block := os.pread(descriptor, BLOCK_BYTES, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
