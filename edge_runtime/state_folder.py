"""The folders that the daemon writes to, and whose fault it is when one cannot be used.

A wrong path is a mistake in the configuration and stays one; a disk that is full, read-only or not mounted yet while
the board boots may be well again in a moment. What is refused for its rights is the same case: so is a folder that is
there and takes no file.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, LeptonError

if TYPE_CHECKING:
    from pathlib import Path

_MEDIUM: Final = frozenset(
    {errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
    | {errno.EPERM, errno.EACCES}
)


class MediumRefused(LeptonError, OSError):
    """The disk takes nothing just now; the daemon is to be started again (exit code 3)."""


def make_folder(folder: Path, key: str) -> None:
    """Make a folder that is not there yet.

    Args:
        folder: where.
        key: what the configuration calls it, for the message.

    Raises:
        BadInputError: it cannot be a folder there.
        MediumRefused: the disk is full, read-only or broken, or the rights are missing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        kind = MediumRefused if error.errno in _MEDIUM else BadInputError
        raise kind(
            f"wanted a writable {key} at {folder}, found that it cannot be made ({error.strerror}); "
            "choose another, or mend its rights or disk"
        ) from error
