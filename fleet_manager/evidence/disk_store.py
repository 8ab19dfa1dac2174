"""Evidence that comes in parts: on the disk, `{org}/{site}/parts/{sha256}.{bytes}`, and when it is whole on a shelf.

Several threads and processes may use one folder: a part has one writer at a time, by a lock on the file.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge_contracts.durable_folder import make_durably
from edge_contracts.errors import BadInputError
from fleet_manager.evidence.disk_upload import DiskUpload, Goal, finish
from fleet_manager.evidence.evidence_store import (
    Limits,
    NoRoom,
    Piece,
    Receipt,
    TooLarge,
    WrongContent,
    WrongOffset,
)
from fleet_manager.evidence.folder_shelf import FolderShelf
from fleet_manager.evidence.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fleet_manager.evidence.shelf import Shelf

PARTS: Final = "parts"
_SITE: Final = re.compile(r"[a-z0-9-]{1,32}/[a-z0-9-]{1,32}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TRIES: Final = 3


class DiskEvidence:
    """Evidence whose parts are in a folder.

    Args:
        folder: made if it is absent.
        limits: how much may be kept on the disk.
        monotonic_s: seconds that never go back.
        free: the bytes that are free where a folder is.
        shelf: where whole files go; None for the same folder.

    Raises:
        BadInputError: no folder can be made there.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        monotonic_s: Callable[[], float],
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        shelf: Shelf | None = None,
    ) -> None:
        self._folder, self._limits = folder, limits
        self._shelf = shelf or FolderShelf(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            found = f"found {err.strerror}: name another"
            raise BadInputError(f"wanted a folder for evidence at {folder}, {found}") from err
        self._room = Room(limits, self._count, lambda: free(folder), monotonic_s)

    @property
    def limits(self) -> Limits:
        """How much may be kept."""
        return self._limits

    def sites(self) -> list[str]:
        """Every site that ever sent something, `org/site` each.

        Raises:
            EvidenceAway: the shelf does not answer.
        """
        return self._shelf.sites()

    def look(self, site: str, sha256: str) -> Piece | None:
        """How much of a file is here; a part that is long enough, left by a power cut, is finished now.

        Raises:
            EvidenceAway: the shelf does not answer.
        """
        _check_names(site, sha256)
        if (whole := self._shelf.size(site, sha256)) is not None:
            return Piece(whole, is_whole=True)
        parts = [(size, part) for part in self._parts(site, sha256) if (size := self._size(part)) is not None]
        size, part = max(parts, default=(0, None))
        if part is None or not size:
            return None
        if size < self._goal(site, sha256, part).total:
            return Piece(size, is_whole=False)
        return self._settled(site, sha256, part)

    def receive(self, site: str, sha256: str, first: int, total: int) -> Receipt | None:
        """Go on with a file; None when it is here already.

        Raises:
            TooLarge: it is larger than a file may be.
            NoRoom: there is no room for it.
            WrongOffset: the next byte is another, or somebody else is sending it.
        """
        if not 1 <= total <= self._limits.file_bytes:
            raise TooLarge(f"wanted a file of 1 to {self._limits.file_bytes} bytes, found {total}")
        seen = self.look(site, sha256)
        if seen is not None and seen.is_whole:
            return None
        goal = self._goal(site, sha256, self._part(site, sha256, total))
        descriptor = self._locked(goal)
        if descriptor is None:
            return None
        size = os.fstat(descriptor).st_size
        try:
            _check_offset(size, first)
            self._room.take(total - size)
        except BaseException:
            if not size:
                goal.part.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return DiskUpload(descriptor, goal, self._shelf, self._room)

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, a block at a time.

        Raises:
            FileNotFoundError: it is not here.
            EvidenceAway: the shelf does not answer.
        """
        _check_names(site, sha256)
        return self._shelf.blocks(site, sha256, first, end)

    def sweep(self, unix_s: float, older_than_s: float) -> int:
        """Remove the parts that nobody went on with for so long; gives how many."""
        removed = 0
        for part in self._folder.glob(f"*/*/{PARTS}/*"):
            with suppress(FileNotFoundError):
                status = part.stat()
                if unix_s - status.st_mtime > older_than_s:
                    part.unlink()
                    self._room.give_back(status.st_size)
                    removed += 1
        return removed

    def _locked(self, goal: Goal) -> int | None:
        """The part, open and ours; None when it became whole meanwhile."""
        for _ in range(_TRIES):
            try:
                make_durably(goal.part.parent)
                descriptor = os.open(goal.part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except OSError as err:
                raise NoRoom(f"wanted to keep a piece of evidence, found {err.strerror}: look at the disk") from err
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                size = os.fstat(descriptor).st_size
                os.close(descriptor)
                raise WrongOffset(size, "wanted to send this file alone, found another: ask again later") from err
            is_whole = self._is_whole(descriptor, goal)
            if not is_whole and _is_still(descriptor, goal.part):
                return descriptor
            os.close(descriptor)
            if is_whole:
                goal.part.unlink(missing_ok=True)
                return None
        raise WrongOffset(0, "wanted to send this file alone, found others: ask again later")

    def _settled(self, site: str, sha256: str, part: Path) -> Piece | None:
        goal = self._goal(site, sha256, part)
        try:
            descriptor = self._locked(goal)
        except WrongOffset as err:
            return Piece(err.offset_bytes, is_whole=False)
        if descriptor is None:
            return Piece(goal.total, is_whole=True)
        try:
            size = os.fstat(descriptor).st_size
            if size < goal.total:
                return Piece(size, is_whole=False)
            finish(descriptor, goal, self._shelf)
            if self._shelf.is_elsewhere:
                self._room.give_back(goal.total)
        except WrongContent:
            self._room.give_back(goal.total)
            return None
        finally:
            os.close(descriptor)
        return Piece(goal.total, is_whole=True)

    def _is_whole(self, descriptor: int, goal: Goal) -> bool:
        try:
            return self._shelf.size(goal.site, goal.sha256) is not None
        except BaseException:
            os.close(descriptor)
            raise

    def _goal(self, site: str, sha256: str, part: Path) -> Goal:
        return Goal(part, site, sha256, int(part.name.rpartition(".")[2]))

    def _part(self, site: str, sha256: str, total: int) -> Path:
        return self._folder / site / PARTS / f"{sha256}.{total}"

    def _parts(self, site: str, sha256: str) -> list[Path]:
        return [*(self._folder / site / PARTS).glob(f"{sha256}.*")]

    def _count(self) -> int:
        return sum(size for path in self._folder.rglob("*") if (size := self._size(path)) is not None)

    @staticmethod
    def _size(path: Path) -> int | None:
        """Bytes of a file; None when there is none, or it is a folder."""
        try:
            return path.stat().st_size if path.is_file() else None
        except FileNotFoundError:
            return None


def _check_names(site: str, sha256: str) -> None:
    if not _SITE.fullmatch(site) or not _SHA256.fullmatch(sha256):
        raise BadInputError(f"wanted org/site and a SHA-256, found {site[:80]!r} and {sha256[:80]!r}")


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the open file still has this name: its last holder may have finished or removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _check_offset(size: int, first: int) -> None:
    if size != first:
        raise WrongOffset(size, f"wanted the piece that begins at byte {size}, found one at {first}: send that")
