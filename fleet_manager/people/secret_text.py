"""Secrets that are shown once and kept as a digest: links, sessions, API tokens.

Each has 256 random bits, so its SHA-256 needs no salt and no slow hash: nobody tries 2^256. It is looked up by the
digest; how long the look-up takes tells of the digest at most.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET_BYTES: Final = 32


def new_secret(draw: Callable[[int], bytes]) -> str:
    """64 hexadecimal characters from `draw`, which is `os.urandom`."""
    return draw(SECRET_BYTES).hex()


def digest_of(secret: str) -> str:
    """What is kept of a secret: its SHA-256, 64 hexadecimal characters; any text that somebody sends has one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
