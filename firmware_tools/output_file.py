"""Where a command may write: a new file, or an older one of its own kind, and never over a key or what it reads.

A key that is written over is gone, and with it every board that trusts it. So the file that is there is looked at
before the first byte is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

HEAD_BYTES = 1 << 16
"""So much of an older file is looked at; a key with its remarks is shorter."""
PEM_MARK = b"-----BEGIN "


def require_output(
    output: Path, read: Iterable[Path], kind: str, is_own: Callable[[bytes], bool], *, force: bool
) -> None:
    """Whether a file may be written.

    Args:
        output: the file; a device or a pipe is nothing that is lost.
        read: the files that the same command reads.
        kind: what the command writes, for a person.
        is_own: whether a file that begins so is of that kind.
        force: a person allows any other file, too; never a key, and never one of `read`.

    Raises:
        BadInputError: it may not.
    """
    if not output.is_file():
        return
    for path in read:
        if output.samefile(path):
            raise BadInputError(
                f"wanted another file to write than {path}, which is read, found the same; name another"
            )
    with output.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if PEM_MARK in head:
        raise BadInputError(f"wanted a file to write, found a key or certificate at {output}; name another")
    if head and not force and not is_own(head):
        raise BadInputError(
            f"wanted a new file or an older {kind} to write over, found something else at {output}; name another, or "
            "give --force"
        )
