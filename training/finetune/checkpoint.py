"""A stage's state on the disk: whole or not there, and never taken for another stage's."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The file of one stage.

    path: where it lies; its folder exists.
    fingerprint: of everything that the stage's result depends on.
    """

    path: Path
    fingerprint: str

    def read(self) -> dict[str, Any] | None:
        """What was saved last, None where nothing was.

        Raises:
            BadInputError: damaged, or of other pictures, another course or another start.
        """
        if not self.path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises whatever its unpickler meets
            raise BadInputError(
                f"wanted a checkpoint at {self.path}, found: {str(error).partition(chr(10))[0]}; delete it "
                "to begin anew"
            ) from error
        if state.get("fingerprint") != self.fingerprint:
            raise BadInputError(
                f"wanted a checkpoint of this very training, found {self.path} of other pictures, another course or "
                "another start; give a folder of its own, or delete it to begin anew"
            )
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Save durably: a kill or a power cut leaves the last one or this one.

        Raises:
            OSError: the disk said no; the last one is still there.
        """
        partial = self.path.with_name(f".{self.path.name}.partial")
        try:
            with partial.open("wb") as file:
                torch.save({**state, "fingerprint": self.fingerprint}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
