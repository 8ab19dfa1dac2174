"""Get a published backbone from its publisher, and nothing else than that very file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

from edge_contracts.errors import OutageError, RefusedError

if TYPE_CHECKING:
    from training.backbone.published import Published

PATIENCE_S = 30.0


def fetched(entry: Published) -> bytes:
    """The file's bytes; no more of them are read than it has.

    Raises:
        OutageError: the publisher does not answer, or broke off.
        RefusedError: what came is another file.
    """
    try:
        with urlopen(Request(entry.url), timeout=PATIENCE_S) as answer:  # noqa: S310 - addresses of our own table
            content: bytes = answer.read(entry.bytes + 1)
    except (URLError, OSError) as error:
        raise OutageError(
            f"wanted {entry.name} from {entry.url}, found {error}; try again, or download it elsewhere and use "
            "lepton backbone add"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise RefusedError(
            f"wanted {entry.name} with SHA-256 {entry.sha256} ({entry.bytes:,} bytes), found {len(content):,} bytes "
            f"with {found} at {entry.url}; nothing was kept"
        )
    return content
