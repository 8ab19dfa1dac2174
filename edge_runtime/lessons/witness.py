"""What lessons a point had when they last changed, in a file of its own: a file that is gone tells of no lesson.

It is written whole after each change of the lessons. A power cut between the two leaves it one change behind, which is
no loss; that the lessons are behind it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from edge_runtime.lessons.lesson import Kind
from edge_runtime.state_folder import MediumRefused, make_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_runtime.lessons.lesson_file import Kept


class WitnessDamaged(LeptonError, ValueError):
    """The file does not give back what was kept in it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The lessons of a point, counted.

    revision: of the lessons. number: the last one that was given to a lesson.
    count: how many there are. defective: how many of them are of a defective part, by the digest of their bundle.
    """

    revision: int
    number: int
    count: int
    defective: Mapping[str, int]

    @classmethod
    def of(cls, kept: Kept) -> Witness:
        """Of what a file of lessons holds."""
        defective = Counter(one.bundle for one in kept.lessons if one.kind is Kind.DEFECTIVE)
        return cls(kept.revision, kept.number, len(kept.lessons), dict(defective))

    def missed(self, kept: Kept) -> str:
        """What a file of lessons should have and has not; empty where nothing is missing."""
        found = f"{len(kept.lessons)} lessons of revision {kept.revision}"
        changes = kept.revision - self.revision
        if changes < 0 or len(kept.lessons) < self.count - changes or (not changes and self != Witness.of(kept)):
            return f"{found}, where {self.count} of revision {self.revision} were kept"
        return ""


class WitnessFile:
    """One small file per point.

    Args:
        path: made with the first lesson, its folder too; in another folder than the lessons.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Witness | None:
        """What was kept; None where nothing was.

        Raises:
            WitnessDamaged: it cannot be read, or holds something else than was written.
        """
        try:
            return _parsed(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise WitnessDamaged(f"wanted what lessons there were in {self._path}, found {error}") from error

    def keep(self, witness: Witness) -> None:
        """Keep it durably, whole or not at all.

        Raises:
            BadInputError, MediumRefused: the disk does not take it.
        """
        make_folder(self._path.parent, "folder for what was taught")
        told = json.dumps(asdict(witness), sort_keys=True).encode()
        partial = self._path.with_name(f"{self._path.name}.partial")
        try:
            with partial.open("wb") as file:
                file.write(told + _sum(told))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise MediumRefused(f"wanted to note the lessons in {self._path}, found: {error}") from error


_SUM = 65


def _parsed(content: bytes) -> Witness:
    told, kept = content[:-_SUM], content[-_SUM:]
    if _sum(told) != kept:
        raise ValueError("a checksum that does not fit")
    return Witness(**json.loads(told))


def _sum(told: bytes) -> bytes:
    return b"\n" + hashlib.sha256(told).hexdigest().encode()
