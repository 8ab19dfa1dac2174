"""A file from outside that is read whole: a plain one, of a size that was agreed.

A device such as /dev/zero has no end, and would take all of the machine's memory; so what is no plain file is refused
before a byte of it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


def require_plain(path: Path, wanted: str) -> None:
    """See that what is at a path, if anything is there, is a plain file.

    Args:
        path: where to look.
        wanted: what is to be read, for a person.

    Raises:
        BadInputError: a device, a pipe or a folder is there.
    """
    if path.exists() and not path.is_file():
        raise BadInputError(f"wanted {wanted}, found no plain file at {path}; check the path")
