"""A name of its own for a pty, which is gone as soon as its test says so.

The kernel gives the number of a closed pty to the next one, and that may be another test's on another core: whoever
still tries the old name, as a daemon does whose cable was pulled, would speak to the stranger's chip.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory


class OwnPort:
    """A link to a terminal. `path` is what a station calls its port."""

    def __init__(self, terminal: int) -> None:
        self._folder = TemporaryDirectory(prefix="port-")
        link = Path(self._folder.name) / "tty"
        link.symlink_to(os.ttyname(terminal))
        self.path = str(link)

    def forget(self) -> None:
        """The name leads nowhere from now on; to be called before the terminal is closed."""
        self._folder.cleanup()
