"""What a program puts on the medium, without the medium."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The inodes of what is synced from here on."""
    found: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: found.add(os.fstat(descriptor).st_ino))
    return found
