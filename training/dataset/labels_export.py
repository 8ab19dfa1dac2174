"""The labels that people gave in the fleet manager, as it exports them: `labels.zip`, or that unpacked.

The archive is unpacked into the house's cache, once per content; only what its manifest names is taken out.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from converters.cache.store import default_store
from edge_contracts.errors import BadInputError
from training.dataset.manifest import masks_in, read_manifest
from training.dataset.version import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.dataset.sample import Sample

MANIFEST = "labels.csv"
MOST_BYTES = 64 << 30
"""Of all pictures together; far more than a training set has, less than a disk."""

_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)


def read_labels_export(archive: Path, cache: Path | None = None) -> tuple[Sample, ...]:
    """The samples of an export.

    Args:
        archive: the ZIP.
        cache: where it is unpacked; by default the house's cache folder.

    Raises:
        BadInputError: no such archive, one without labels, a path that leads out of it, or too many bytes.
    """
    place = (cache or default_store().folder) / "labels" / file_digest(archive)
    if not place.is_dir():
        _unpack(archive, place)
    return read_manifest(place / MANIFEST)


def _unpack(archive: Path, place: Path) -> None:
    """Unpack beside its place and rename: what is there is whole."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=place.parent) as beside:
        try:
            with zipfile.ZipFile(archive) as opened:
                for name in _wanted(opened, archive):
                    target = Path(beside, "set", *PurePosixPath(name).parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(name) as content, target.open("wb") as file:
                        shutil.copyfileobj(content, file)
        except _DAMAGED as error:
            raise BadInputError(
                f"wanted the manager's export of labels (labels.zip), found {archive} damaged: {error}; "
                "download it again"
            ) from error
        if not place.is_dir():
            Path(beside, "set").rename(place)


def _wanted(opened: zipfile.ZipFile, archive: Path) -> Iterator[str]:
    """The manifest, and the pictures and masks that it names."""
    sizes = {one.filename: one.file_size for one in opened.infolist()}
    if MANIFEST not in sizes:
        raise BadInputError(
            f"wanted {MANIFEST} in {archive}, found {', '.join(list(sizes)[:3]) or 'nothing'}; "
            "give the manager's labels.zip, or unpack the archive and name its folder"
        )
    yield MANIFEST
    rows = csv.DictReader(io.StringIO(opened.read(MANIFEST).decode("utf-8-sig")))
    named = [name for row in rows for name in ((row.get("path") or "").strip(), *masks_in(row.get("mask") or ""))]
    names = [name for name in dict.fromkeys(named) if name]
    for name in names:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\\" in name:
            raise BadInputError(f"wanted paths inside {archive}, found {name!r}; do not use this archive")
    inside = [name for name in names if name in sizes]
    if (found := sum(sizes[name] for name in inside)) > MOST_BYTES:
        raise BadInputError(f"wanted at most {MOST_BYTES:,} bytes of pictures in {archive}, found {found:,}; part it")
    yield from inside
