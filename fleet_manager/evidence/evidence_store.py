"""What keeps evidence: a Protocol, the values that travel, and what may go wrong.

A file is named by the SHA-256 of its content and belongs to a site, so that who may see one site cannot ask for another
one's pictures. It comes in pieces that each begin where the last one ended, and is visible only when it is whole and
its hash is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.errors import BadInputError, LeptonError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES: Final = 256 << 10
"""What is held in memory of a file at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be kept.

    file_bytes: the largest file. total_bytes: all files of all sites, parts included.
    free_bytes: what must stay free on the disk, because the alerts may live there too.
    """

    file_bytes: int = 64 << 20
    total_bytes: int = 50 << 30
    free_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Piece:
    """How much of a file is here, durably.

    size_bytes: how many of its first bytes. is_whole: all of them, and the hash is right.
    """

    size_bytes: int
    is_whole: bool


class TooLarge(BadInputError):
    """The file is larger than any may be."""


class NoRoom(LeptonError, OSError):
    """The quota is used up, or the disk is nearly full."""


class EvidenceAway(LeptonError, ConnectionError):
    """What keeps whole files does not answer: nothing is known of them just now, and nothing was stored."""


class WrongContent(BadInputError):
    """All bytes came, and their hash is not the name; what came is thrown away."""


class WrongOffset(RefusedError):
    """A piece that does not begin where the last one ended; `offset_bytes` is where that is."""

    def __init__(self, offset_bytes: int, message: str) -> None:
        super().__init__(message)
        self.offset_bytes = offset_bytes


class Receipt(Protocol):
    """One upload under way; nobody else writes this file meanwhile."""

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            NoRoom: the disk takes them not.
            BadInputError: more than was announced.
        """

    def close(self) -> Piece:
        """Make durable what came, and visible if that is all.

        Raises:
            WrongContent: it is all, and the wrong file.
            NoRoom: the disk does not take it.
            EvidenceAway: what keeps whole files does not take it.
        """


class EvidenceStore(Protocol):
    """Where evidence is kept: a folder, or a bucket; a bucket that is away makes its methods raise `EvidenceAway`."""

    @property
    def limits(self) -> Limits:
        """How much may be kept."""

    def sites(self) -> list[str]:
        """Every site that ever sent something, `org/site` each."""

    def look(self, site: str, sha256: str) -> Piece | None:
        """How much of a file is here; None when nothing is."""

    def receive(self, site: str, sha256: str, first: int, total: int) -> Receipt | None:
        """Go on with a file of `total` bytes at its byte `first`; None when it is here already.

        Raises:
            TooLarge: it is larger than a file may be.
            NoRoom: there is no room for it.
            WrongOffset: the next byte is another, or somebody else is sending it.
        """

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` up to, but without, `end` of a whole file, a block at a time."""
