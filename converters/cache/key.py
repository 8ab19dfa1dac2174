"""The name of a step's result: a SHA-256 over everything that the result depends on.

That is the content of its inputs, its settings, and the program itself: the project's own source, the version of each
package that computes, and the machine's architecture. A name never depends on where a file lies or when it was written.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("converters", "device_profiles", "edge_contracts", "edge_runtime")
"""Folders of the project whose source takes part in a conversion."""

SOURCES = frozenset({".py", ".toml"})
"""Suffixes of what decides a result: code, and what is known of boards and accelerators."""

TOOLS = (
    "lepton-edge",
    "ai-edge-litert",
    "numpy",
    "onnx",
    "onnxruntime",
    "opencv-python-headless",
    "torch",
)
"""Distributions that compute in a conversion."""

_CHUNK_BYTES = 1 << 20


def fingerprint(*parts: Any) -> str:
    """SHA-256, hexadecimal, of values: the same for equal values, another for any that differ.

    Takes None, booleans, numbers, text, bytes, paths (their names only), arrays, pydantic models, dataclasses, and
    lists, tuples, sets and dictionaries of them.

    Raises:
        TypeError: any other kind of value; its own text might hide what differs.
    """
    digest = hashlib.sha256()
    for part in _pieces(parts):
        digest.update(b"%d:" % memoryview(part).nbytes)
        digest.update(part)
    return digest.hexdigest()


def file_fingerprint(path: Path) -> str:
    """SHA-256 of a file's content, or of a folder's: every file's place in it and its content."""
    digest = hashlib.sha256()
    for member in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if member.is_file():
            digest.update(f"{member.relative_to(path).as_posix()}:{member.stat().st_size}:".encode())
            _add_file(digest, member)
    return digest.hexdigest()


def program_fingerprint() -> str:
    """SHA-256 of the program: its source and data, what it computes with, Python and the architecture."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(f"{platform.machine()} {platform.python_version()}".encode())
    digest.update(json.dumps({tool: _version(tool) for tool in TOOLS}).encode())
    files = (path for package in PACKAGES for path in (root / package).rglob("*") if path.suffix in SOURCES)
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _add_file(digest: Any, path: Path) -> None:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise BadInputError(f"wanted to read {path}, found {error.strerror}; check the file's rights") from error


def _pieces(value: Any) -> Iterator[Any]:
    """A value as a sequence of buffers, each kind marked, so that no two values give the same sequence."""
    if value is None or isinstance(value, (bool, int, float, str)):
        yield f"{type(value).__name__}={value!r}".encode()
    elif isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        yield b"bytes"
        yield value
    elif isinstance(value, Path):
        yield f"path={value.name}".encode()
    elif isinstance(value, BaseModel):
        yield f"{type(value).__name__} {value.model_dump_json()}".encode()
    else:
        yield from _pieces_of_many(value)


def _pieces_of_many(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        items: list[Any] = sorted(value.items())
    elif isinstance(value, (set, frozenset)):
        items = sorted(value)
    elif isinstance(value, (list, tuple)):
        items = list(value)
    elif is_dataclass(value):
        items = [(field.name, getattr(value, field.name)) for field in fields(value)]
    else:
        raise TypeError(f"{type(value).__name__} has no fingerprint")
    yield f"{len(items)} of {type(value).__name__}".encode()
    for item in items:
        yield from _pieces(item)
