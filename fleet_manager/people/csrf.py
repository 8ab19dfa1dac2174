"""The proof that a form was made by our own page. Pure.

The token of a session is derived from its secret, which only its browser and we know in the moment of a request: it
needs no place in the database, and who reads the database cannot make one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

_PURPOSE: Final = b"lepton csrf 1"


def csrf_token(session_secret: str) -> str:
    """What the pages of a session put into each form and into htmx's header: 64 hexadecimal characters."""
    return hmac.new(session_secret.encode("utf-8", "surrogatepass"), _PURPOSE, hashlib.sha256).hexdigest()


def csrf_fits(session_secret: str, token: str) -> bool:
    """Whether a request that changes something came with its session's token; compared in constant time."""
    return hmac.compare_digest(csrf_token(session_secret).encode(), token.encode("utf-8", "surrogatepass"))
