"""The last scores of one point on disk: fixed records with a checksum each, so that damage costs what it hit."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

KEPT: Final = 500
"""Scores that the slider shows."""
_FILE_MAX: Final = 4 * KEPT
"""Records after which the file is written anew with the last `KEPT`."""

_BODY = struct.Struct("<f8sBBxx")
"""Score, first 8 bytes of the bundle's digest, whether the label is a good one, its outcome if that is fixed."""
_FIXED: Final = (None, *Outcome)
_CHECK = struct.Struct("<I")
RECORD_BYTES: Final = _BODY.size + _CHECK.size


@dataclass(frozen=True, slots=True)
class Score:
    """What one part scored.

    score: in the model's own unit.
    model: the bundle's digest, its first 16 hexadecimal digits.
    good_label: whether the best label is a good one; always for a model without labels.
    fixed: the outcome, where the label has a threshold of its own that the slider does not move; else None.
    """

    score: float
    model: str
    good_label: bool
    fixed: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a file held, oldest first, and how many bytes of it were damaged."""

    scores: tuple[Score, ...]
    damaged_bytes: int


def pack(score: Score) -> bytes:
    """One record."""
    body = _BODY.pack(score.score, bytes.fromhex(score.model), score.good_label, _FIXED.index(score.fixed))
    return body + _CHECK.pack(zlib.crc32(body))


def unpack(content: bytes) -> Found:
    """Every whole record of `content`; what is none is stepped over byte by byte and counted."""
    scores: list[Score] = []
    at = damaged = 0
    while at < len(content):
        found = _record(content[at : at + RECORD_BYTES])
        if found is None:
            damaged += 1
            at += 1
        else:
            scores.append(found)
            at += RECORD_BYTES
    return Found(tuple(scores), damaged)


class ScoreFile:
    """Appends records and keeps the file small.

    Args:
        path: its folder exists; a file of another run is gone on with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = 0

    def read(self) -> Found:
        """The last scores of earlier runs; a damaged file is written anew with what is whole.

        Raises:
            OSError: the disk does not give them.
        """
        if not self._path.exists():
            return Found((), 0)
        with self._path.open("rb") as file:
            beyond = max(self._path.stat().st_size - _FILE_MAX * RECORD_BYTES, 0)
            file.seek(beyond - beyond % RECORD_BYTES)
            found = unpack(file.read((_FILE_MAX + 1) * RECORD_BYTES))
        self._records = len(found.scores)
        if found.damaged_bytes or beyond:
            self.replace(found.scores)
        return Found(found.scores[-KEPT:], found.damaged_bytes)

    def append(self, scores: Sequence[Score], last: Iterable[Score]) -> None:
        """Write new scores; `last` are the newest `KEPT`, these among them, for when the file is written anew.

        Raises:
            OSError: the disk does not take them.
        """
        if self._records + len(scores) > _FILE_MAX:
            self.replace(tuple(last))
            return
        with self._path.open("ab") as file:
            file.write(b"".join(map(pack, scores)))
        self._records += len(scores)

    def replace(self, scores: Sequence[Score]) -> None:
        """Write the file anew with the last `KEPT` of these.

        Raises:
            OSError: the disk does not take it; the old file stays.
        """
        partial = self._path.with_name(f"{self._path.name}.partial")
        partial.write_bytes(b"".join(map(pack, scores[-KEPT:])))
        partial.replace(self._path)
        self._records = len(scores[-KEPT:])


def _record(content: bytes) -> Score | None:
    if len(content) < RECORD_BYTES:
        return None
    body = content[: _BODY.size]
    if _CHECK.unpack(content[_BODY.size :])[0] != zlib.crc32(body):
        return None
    score, model, good_label, fixed = _BODY.unpack(body)
    if fixed >= len(_FIXED):
        return None
    return Score(score, model.hex(), bool(good_label), _FIXED[fixed])
