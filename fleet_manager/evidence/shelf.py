"""Where whole files of evidence are, once their hash is proven: a folder, or a bucket. Parts are always on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Shelf(Protocol):
    """Keeps whole files; each method but `is_elsewhere` may raise `EvidenceAway`."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether a whole file leaves the disk on which its parts came."""
        ...

    def sites(self) -> list[str]:
        """Every site that has something here, `org/site` each."""
        ...

    def size(self, site: str, sha256: str) -> int | None:
        """The bytes of a whole file; None where it is not here."""
        ...

    def keep(self, part: Path, site: str, sha256: str) -> None:
        """Take over a part that is whole, and whose hash is right; durable, and visible all at once.

        Raises:
            EvidenceAway: it was not taken; the part stays.
            OSError: the disk does not take it.
        """
        ...

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` up to, but without, `end`, a block at a time.

        Raises:
            FileNotFoundError: it is not here.
        """
        ...
