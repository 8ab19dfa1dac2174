"""Whole files in the folder of their parts: `{org}/{site}/{first two digits}/{sha256}`, by an atomic rename."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.durable_folder import make_durably, sync_folder
from fleet_manager.evidence.evidence_store import BLOCK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FolderShelf:
    """Whole files in a folder.

    Args:
        folder: on the file system of the parts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def is_elsewhere(self) -> bool:
        """A whole file stays on the disk."""
        return False

    def sites(self) -> list[str]:
        """Every site that ever sent something, `org/site` each."""
        return sorted("/".join(path.parts[-2:]) for path in self._folder.glob("*/*") if path.is_dir())

    def size(self, site: str, sha256: str) -> int | None:
        """The bytes of a whole file; None where it is not here."""
        try:
            return self._path(site, sha256).stat().st_size
        except FileNotFoundError:
            return None

    def keep(self, part: Path, site: str, sha256: str) -> None:
        """Give a part its name.

        Raises:
            OSError: the disk does not take it.
        """
        whole = self._path(site, sha256)
        make_durably(whole.parent)
        part.rename(whole)
        sync_folder(whole.parent)

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, a block at a time.

        Raises:
            FileNotFoundError: it is not here.
        """
        with self._path(site, sha256).open("rb") as file:
            file.seek(first)
            while first < end and (block := file.read(min(BLOCK_BYTES, end - first))):
                first += len(block)
                yield block

    def _path(self, site: str, sha256: str) -> Path:
        return self._folder / site / sha256[:2] / sha256
