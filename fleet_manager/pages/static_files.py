"""Stylesheet, scripts and icon: files of this package, kept in memory, cached by browsers until they change.

An address carries the digest of all files, so that a new version of the manager is a new address; the scripts import
each other relative to their own, so one digest stands for all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Final

_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """content: as it is served. media_type: of it."""

    content: bytes
    media_type: str


class StaticFiles:
    """All of them, read once."""

    def __init__(self) -> None:
        folder = resources.files("fleet_manager.pages").joinpath("static")
        self._files = {
            entry.name: StaticFile(entry.read_bytes(), _TYPES[entry.name.rpartition(".")[2]])
            for entry in folder.iterdir()
            if entry.name.rpartition(".")[2] in _TYPES
        }
        whole = hashlib.sha256(b"".join(self._files[name].content for name in sorted(self._files)))
        self._digest = whole.hexdigest()[:_DIGITS]

    def href(self, name: str) -> str:
        """The address of a file.

        Raises:
            KeyError: there is none of this name.
        """
        if name not in self._files:
            raise KeyError(f"wanted a file of the pages, found none called {name!r}")
        return f"/static/{self._digest}/{name}"

    def found(self, digest: str, name: str) -> StaticFile | None:
        """The file, None when there is none, or not of this version."""
        return self._files.get(name) if digest == self._digest else None
