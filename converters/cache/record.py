"""How a step's result lies on disk: plain values as JSON, arrays and bytes beside them; nothing that could run.

A line that names the format, a line with the SHA-256 of all that follows (64 hexadecimal digits), numpy's `.npz`.
Reading checks the digest before anything is parsed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    import numpy.typing as npt

_MARK = b"lepton-step 1\n"
_DIGEST_DIGITS = 64
_START = len(_MARK) + _DIGEST_DIGITS + 1
_CHUNK_BYTES = 1 << 20
_PLAIN = "plain.json"
_ARRAY = "array/"
_BLOB = "blob/"


class RecordDamaged(LeptonError, ValueError):
    """A stored result is not what was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One step's result.

    plain: what JSON holds; infinities and NaN are let through, floats come back bit by bit.
    arrays, blobs: by name.
    """

    plain: Any = None
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)


def write_record(file: IO[bytes], record: Record) -> None:
    """Write a record to an empty file that can be read back."""
    members = {_PLAIN: np.frombuffer(json.dumps(record.plain).encode(), np.uint8)}
    members |= {_ARRAY + name: array for name, array in record.arrays.items()}
    members |= {_BLOB + name: np.frombuffer(blob, np.uint8) for name, blob in record.blobs.items()}
    file.write(_MARK + b"0" * _DIGEST_DIGITS + b"\n")
    named: dict[str, Any] = members
    np.savez(file, allow_pickle=False, **named)
    digest = _digest(file)
    file.seek(len(_MARK))
    file.write(digest.encode())


def read_record(file: IO[bytes]) -> Record:
    """Read a record.

    Raises:
        RecordDamaged: the file is none, or is not what was written.
    """
    head = file.read(_START)
    if len(head) != _START or not head.startswith(_MARK):
        raise RecordDamaged("it is no stored result")
    if head != _MARK + _digest(file).encode() + b"\n":
        raise RecordDamaged("its content does not match its digest")
    file.seek(_START)
    arrays: dict[str, npt.NDArray[Any]] = {}
    blobs: dict[str, bytes] = {}
    with np.load(file, allow_pickle=False) as stored:
        plain = json.loads(stored[_PLAIN].tobytes())
        for name in stored.files:
            if name.startswith(_ARRAY):
                arrays[name.removeprefix(_ARRAY)] = stored[name]
            elif name.startswith(_BLOB):
                blobs[name.removeprefix(_BLOB)] = stored[name].tobytes()
    return Record(plain, arrays, blobs)


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(_START)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
