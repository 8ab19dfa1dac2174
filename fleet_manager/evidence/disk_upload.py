"""An upload: the part grows on the disk, is hashed when it is long enough, and goes to the shelf of whole files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from fleet_manager.evidence.evidence_store import BLOCK_BYTES, EvidenceAway, NoRoom, Piece, WrongContent

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_manager.evidence.room import Room
    from fleet_manager.evidence.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Goal:
    """What a part is to become.

    part: the file that grows. site: whose it is, `org/site`.
    sha256: of the whole, 64 hexadecimal digits. total: its bytes.
    """

    part: Path
    site: str
    sha256: str
    total: int


class DiskUpload:
    """One writer of one part; it holds the part's lock until it is closed.

    Args:
        descriptor: of the part, open for reading and writing, locked; closed by us.
        goal: what it is to become.
        shelf: where it goes when it is whole.
        room: the quota, in which what is missing has been taken.
    """

    def __init__(self, descriptor: int, goal: Goal, shelf: Shelf, room: Room) -> None:
        self._descriptor, self._goal, self._shelf, self._room = descriptor, goal, shelf, room
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
            EvidenceAway: the shelf does not take it; the part stays, and the next who asks tries again.
        """
        kept = self._size - self._began
        try:
            os.fsync(self._descriptor)
            if self._size < self._goal.total:
                return Piece(self._size, is_whole=False)
            finish(self._descriptor, self._goal, self._shelf)
            kept = -self._began if self._shelf.is_elsewhere else kept
            return Piece(self._size, is_whole=True)
        except WrongContent:
            kept = -self._began
            raise
        except EvidenceAway:
            raise
        except OSError as err:
            raise NoRoom(f"wanted to keep a piece of evidence, found {err.strerror}: look at the disk") from err
        finally:
            os.close(self._descriptor)
            self._room.settle(self._goal.total - self._began, kept)


def finish(descriptor: int, goal: Goal, shelf: Shelf) -> None:
    """Bring a part that is long enough to the shelf.

    Raises:
        WrongContent: its hash is another; it is removed.
        EvidenceAway: the shelf does not take it; the part stays.
    """
    found = _sha256(descriptor)
    if found != goal.sha256:
        goal.part.unlink(missing_ok=True)
        raise WrongContent(
            f"wanted the file whose SHA-256 is {goal.sha256}, found {found}: it was removed, send it from the start"
        )
    shelf.keep(goal.part, goal.site, goal.sha256)


def _sha256(descriptor: int) -> str:
    digest = hashlib.sha256()
    at = 0
    while block := os.pread(descriptor, BLOCK_BYTES, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest()
