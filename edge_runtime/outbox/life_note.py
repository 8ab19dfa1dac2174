"""What a spool's life was, noted beside the spool: a file that nobody can read still has its loss in the ledger.

The note is one short line in one block of the disk, overwritten in place after each commit. It is synced only at every
256th sequence, at the beginning and at the end: a dead process leaves it exact, a power cut up to 255 sequences short
(a commit that gives more at once is synced itself). It also says how many alerts and minutes were refused and have no
place yet: on a full disk this block can still be overwritten, and no row can be added.
"""

from __future__ import annotations

import logging
import os
import zlib
from typing import TYPE_CHECKING, Final

from edge_contracts.durable_folder import sync_folder
from edge_runtime.outbox.spool_schema import Life, is_plausible

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
SYNCED_EVERY: Final = 256
LENGTH: Final = 80


class LifeNote:
    """The file `<spool>.life`; what goes wrong with it is said once and holds up no alert."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._synced: tuple[str, int] | None = None
        self._is_well = True

    def read(self) -> Life | None:
        """The life that was noted last, without session and rows; None where none can be read."""
        try:
            body, _, check = self._path.read_text("ascii").strip().rpartition(" ")
            epoch, last_seq, freed_through, *owed = body.split()
            alerts, minutes = [*map(int, owed), 0, 0][:2]
            life = Life(epoch, int(last_seq), int(freed_through), owed=alerts, owed_minutes=minutes)
        except (OSError, ValueError):
            return None
        numbers = (life.last_seq, life.freed_through, life.owed, life.owed_minutes)
        is_sound = check == _check(body) and is_plausible(life.epoch, *numbers)
        return life if is_sound else None

    def keep(self, life: Life, *, synced: bool = False) -> None:
        """Note a life; `synced` is for good, else only every 256th sequence is."""
        block = (life.epoch, life.last_seq // SYNCED_EVERY)
        body = f"{life.epoch} {life.last_seq} {life.freed_through}"
        if life.owed or life.owed_minutes:
            body += f" {life.owed} {life.owed_minutes}"
        try:
            self._write(f"{body} {_check(body)}".ljust(LENGTH - 1) + "\n", synced=synced or block != self._synced)
        except OSError as err:
            if self._is_well:
                _LOG.warning("wanted a note of the spool's life at %s, found %s: check the disk", self._path, err)
            self._is_well = False
            return
        self._synced, self._is_well = block, True

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def _write(self, line: str, *, synced: bool) -> None:
        is_new = not self._path.exists() if self._fd is None else False
        if self._fd is None:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.pwrite(self._fd, line.encode("ascii"), 0)
        if synced:
            os.fdatasync(self._fd)
        if is_new:
            sync_folder(self._path.parent)


def still_owed(noted: Life | None, life: Life) -> tuple[int, int]:
    """Alerts and minutes that a note says are owed, unless a commit that came after it has given them places."""
    if noted is None or (noted.epoch == life.epoch and noted.last_seq != life.last_seq):
        return 0, 0
    return noted.owed, noted.owed_minutes


def _check(body: str) -> str:
    return f"{zlib.crc32(body.encode('ascii')):08x}"
