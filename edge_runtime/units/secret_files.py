"""Secrets that lie in files: other content under the same name is a change of the unit that reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS: Final = frozenset({"password_file", "token_file", "ca", "certificate", "key"})
"""Of every table: the files of passwords, tokens and certificates."""
_BYTES_MAX: Final = 1 << 20


def secret_files(*tables: BaseModel | None) -> tuple[bytes | None, ...]:
    """A digest (SHA-256) of each file of secrets that the tables name, in their order; None for an unreadable one.

    Only digests stay in memory, and a unit's settings may hold them: they are compared, never told.
    """
    return tuple(_digest(Path(path)) for path in _paths(tables))


def _paths(setting: object) -> Iterator[str]:
    if isinstance(setting, BaseModel):
        for name, value in setting:
            if name in FIELDS and isinstance(value, str):
                yield value
            else:
                yield from _paths(value)
    elif isinstance(setting, list | tuple):
        for value in setting:
            yield from _paths(value)


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(_BYTES_MAX)).digest()
    except OSError:
        return None
