"""A bundle's files in a folder: all of them, which is again a bundle, or a part.

The folder is there whole or not at all, and nothing that was there before is lost.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from edge_contracts.bundle import CARD, MANIFEST, REPORT
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_contracts.bundle import Bundle

PARTS = ("model", "golden", "report", "manifest", "card")


def extract(bundle: Bundle, folder: Path, parts: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Write members of a bundle into a new or empty folder.

    Args:
        bundle: read and checked, so every member's name is plain and stays below the folder.
        folder: created; it may exist if it is empty.
        parts: some of `PARTS`; all members without any.

    Returns:
        The paths written, below `folder`.

    Raises:
        BadInputError: the folder holds something, its parent is missing, or the bundle has none of a part.
        OSError: the disk said no, with `folder` as its file; nothing is left behind.
    """
    chosen = _chosen(bundle, parts)
    target = folder.resolve()
    if not target.parent.is_dir():
        raise BadInputError(f"wanted a folder to create {folder.name} in, found none at {target.parent}; create it")
    if target.exists() and not target.is_dir():
        raise BadInputError(
            f"wanted a new or empty folder, found a file at {folder}; give another name, or move the file"
        )
    if target.is_dir() and any(target.iterdir()):
        raise BadInputError(
            f"wanted a new or empty folder, found that {folder} holds something already; give another or empty it"
        )
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _write(partial, chosen)
        # The system refuses to put a folder over one that is not empty, so what came meanwhile is safe, too.
        partial.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return tuple(chosen)


def _chosen(bundle: Bundle, parts: tuple[str, ...]) -> dict[str, bytes]:
    wanted = set(bundle.members) if not parts else set()
    for part in parts:
        found = {path for path in bundle.members if _belongs(path, part, bundle.manifest.model_path)}
        if not found:
            raise BadInputError(f"wanted the {part} of {bundle.manifest.name}, found a bundle without it; leave it out")
        wanted |= found
    return {path: bundle.members[path] for path in sorted(wanted)}


def _belongs(path: str, part: str, model_path: str) -> bool:
    if part == "golden":
        return path.startswith("golden/")
    return path == {"model": model_path, "report": REPORT, "manifest": MANIFEST, "card": CARD}[part]


def _write(folder: Path, members: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for path, content in members.items():
        place = folder / path
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
