"""What goes between the daemon and the process that reads long JSON: lengths in front of contents, little-endian."""

from __future__ import annotations

import struct
from typing import Final

QUESTION: Final = struct.Struct("<II")
"""Bytes of the body, and how many of them are JSON."""

ANSWER: Final = struct.Struct("<BII")
"""What became of it, bytes that follow, and how many of them are JSON."""

REWRITTEN: Final = 0
REFUSED: Final = 1
