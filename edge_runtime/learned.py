"""What the daemon has learned of its surroundings, kept over restarts: a camera's place, how good parts score.

Without it a restart would learn anew from whatever is there, and take a camera that was moved for one in its place.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from edge_runtime.state_folder import make_folder

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


class Learned:
    """Small files in a folder; whoever deletes one lets the daemon learn that thing anew.

    Args:
        folder: made when it is not there.

    Raises:
        BadInputError: the folder cannot be made there.
        MediumRefused: the disk is full, read-only or broken just now.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder, "folder for what was learned")
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None where nothing was."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("%s: what was learned cannot be read (%s); it is learned anew", name, error)
            return None

    def keep(self, name: str, content: bytes) -> bool:
        """Keep something durably, whole or not at all; False, and a line in the log, when the disk refuses."""
        path = self._folder / name
        partial = path.with_name(f"{name}.partial")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            _log.warning("%s: what was learned cannot be kept (%s); a restart learns it anew", name, error)
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            return False
        return True
