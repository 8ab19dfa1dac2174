"""What the board remembers of configurations from its manager: the good one, the one that is tried, and what became.

One small JSON file, exchanged as a whole: a power cut leaves the old one or the new one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from edge_contracts.configuration import ErrorText, Phase, Revision
from edge_contracts.durable_folder import sync_folder
from edge_contracts.identifiers import Sha256
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.configuration import Desired


class KeptText(BaseModel):
    """A revision with its text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: Revision
    hash: Sha256
    text: str

    @classmethod
    def of(cls, desired: Desired) -> KeptText:
        """What was desired."""
        return cls(revision=desired.revision, hash=desired.hash, text=desired.text)


class Fate(BaseModel):
    """What became of the last revision that the trusted manager sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: Revision
    hash: Sha256
    phase: Phase
    errors: tuple[ErrorText, ...] = ()


class Record(BaseModel):
    """The whole memory; it changes by `model_copy`.

    good: what was proven; None while the board's own file is the good one. trial: what is being proven.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    good: KeptText | None = None
    trial: KeptText | None = None
    last: Fate | None = None

    def tried(self, desired: Desired) -> Record:
        """A revision is about to be gone to."""
        fate = Fate(revision=desired.revision, hash=desired.hash, phase=Phase.PROVING)
        return self.model_copy(update={"trial": KeptText.of(desired), "last": fate})

    def proven(self) -> Record:
        """The one that is tried is the good one from now on."""
        return self.model_copy(update={"good": self.trial, "trial": None, "last": self._ended(Phase.ACTIVE, ())})

    def rejected(self, phase: Phase, errors: tuple[str, ...]) -> Record:
        """The one that was tried is given up."""
        return self.model_copy(update={"trial": None, "last": self._ended(phase, errors)})

    def _ended(self, phase: Phase, errors: tuple[str, ...]) -> Fate | None:
        return None if self.last is None else self.last.model_copy(update={"phase": phase, "errors": errors})


class RecordDamaged(MediumRefused):
    """The file is there and cannot be read."""


def load_record(path: Path) -> Record:
    """The memory; an empty one where there is no file.

    Raises:
        RecordDamaged: the file cannot be read.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Record()
    except (OSError, ValidationError) as error:
        found = str(error).partition("\n")[0]
        raise RecordDamaged(
            f"wanted the configurations of the manager in {path}, found: {found}; remove the file, and send the "
            "configuration again"
        ) from error


def save_record(path: Path, record: Record) -> None:
    """Exchange the file; when this returns, the new one is on the medium.

    Raises:
        MediumRefused: the disk takes nothing; the old one is whole.
    """
    half = path.with_suffix(".partial")
    try:
        with half.open("wb") as file:
            file.write(record.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise MediumRefused(
            f"wanted to keep a configuration in {path}, found: {error.strerror}; free some disk"
        ) from error
