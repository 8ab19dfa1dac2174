"""A shelf that a test may take away, as a bucket goes away with its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.evidence.evidence_store import EvidenceAway
from fleet_manager.evidence.folder_shelf import FolderShelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LeavingShelf(FolderShelf):
    """A folder that answers until `is_away`."""

    is_away = False

    def sites(self) -> list[str]:
        self._answer()
        return super().sites()

    def size(self, site: str, sha256: str) -> int | None:
        self._answer()
        return super().size(site, sha256)

    def keep(self, part: Path, site: str, sha256: str) -> None:
        self._answer()
        super().keep(part, site, sha256)

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        self._answer()
        return super().blocks(site, sha256, first, end)

    def _answer(self) -> None:
        if self.is_away:
            raise EvidenceAway("wanted the bucket s3://private-name to answer, found it away")
