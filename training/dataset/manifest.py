"""A CSV manifest: one line per picture or sound, read and written.

Columns: path and label, and optionally group, split, mask and boxes; others are left alone. Paths are relative to the
manifest. Boxes are `x y width height label` in pixels; several boxes or masks are parted by semicolons.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.dataset.drawn_boxes import boxes_in, boxes_text
from training.dataset.listing import medium_of
from training.dataset.sample import Sample
from training.dataset.split_folders import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REQUIRED_COLUMNS = ("path", "label")
OPTIONAL_COLUMNS = ("group", "split", "mask", "boxes")
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
MANIFESTS = ("labels.csv", "manifest.csv")
"""Manifests that a folder is known by."""

APART = ";"
"""Between two masks."""

NAMED_AT_ONCE = 5

_MEANT = {"training": "train", "trained": "train", "testing": "test", "tests": "test", "validate": "validation"}
"""A split in other words would be no split at all: its rows would neither be learned nor kept apart to judge with."""


def read_manifest(manifest: Path) -> tuple[Sample, ...]:
    """The samples that it lists, in its order.

    Raises:
        BadInputError: an unreadable manifest, wrong columns or cells, rows without a file, or a file in two rows.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=_delimiter(header), strict=True)
            _check_columns(manifest, reader.fieldnames or ())
            samples = tuple(_sample(_Line(manifest, reader.line_num, row)) for row in reader)
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"wanted a UTF-8 CSV file, found {manifest} in another encoding; save it as 'CSV UTF-8'"
        ) from error
    except (OSError, csv.Error) as error:
        raise BadInputError(
            f"wanted a UTF-8 CSV file, found {manifest} unreadable: {error}; export it again"
        ) from error
    if not samples:
        raise BadInputError(f"wanted rows below the header of {manifest}, found none; add the pictures")
    _check_files(manifest, samples)
    return samples


def manifests_in(folder: Path) -> list[Path]:
    """The manifests that a folder is known by."""
    return [folder / name for name in MANIFESTS if (folder / name).is_file()]


def read_manifest_folder(folder: Path) -> tuple[Sample, ...]:
    """The samples that the manifest in a folder lists.

    Raises:
        BadInputError: two manifests, or as from `read_manifest`.
    """
    first, *more = manifests_in(folder)
    if more:
        raise BadInputError(f"wanted one manifest in {folder}, found {first.name} and {more[0].name}; name one of them")
    return read_manifest(first)


def masks_in(cell: str) -> list[str]:
    """The names of the masks that a cell tells of."""
    return [name.strip() for name in cell.split(APART) if name.strip()]


def write_manifest(manifest: Path, samples: Sequence[Sample]) -> None:
    """Write samples so that `read_manifest` gives the same again; the file is there whole or not at all.

    Raises:
        BadInputError: a mask whose name the column cannot hold.
        OSError: the disk said no.
    """
    folder, rows = manifest.resolve().parent, io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in samples:
        masks = _masks_text([_relative(mask, folder) for mask in one.masks])
        writer.writerow((_relative(one.path, folder), one.label, one.group, one.split, masks, boxes_text(one.boxes)))
    write_whole(manifest, rows.getvalue())


@dataclass(frozen=True, slots=True)
class _Line:
    """A row and where it stands."""

    manifest: Path
    number: int
    cells: dict[str, str | None]

    def cell(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def refused(self, wanted: str, found: str = "") -> BadInputError:
        told = f", found {found}" if found else ""
        return BadInputError(f"wanted {wanted} in line {self.number} of {self.manifest}{told}; correct the line")


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path.resolve(), folder).replace(os.sep, "/")


def _masks_text(names: Sequence[str]) -> str:
    if strange := next((one for one in names if APART in one), None):
        raise BadInputError(f"wanted masks without {APART!r} in their paths, found {strange}; rename it")
    return f"{APART} ".join(names)


def _delimiter(header: str) -> str:
    """What parts the columns: spreadsheets write semicolons where the decimal point is a comma, and tabs on request."""
    return next((one for one in ",;\t" if one in header), ",")


def _check_columns(manifest: Path, found: Sequence[str]) -> None:
    if missing := sorted(set(REQUIRED_COLUMNS) - set(found)):
        raise BadInputError(
            f"wanted the columns {', '.join(REQUIRED_COLUMNS)} in the first line of {manifest}, "
            f"found no {' and no '.join(missing)} among {', '.join(map(str, found)) or 'nothing'}; correct the header "
            "(small letters, as written here)"
        )
    if twice := [name for place, name in enumerate(found) if name in COLUMNS and name in found[:place]]:
        raise BadInputError(f"wanted each column once in {manifest}, found {twice[0]} twice; correct the header")
    for stranger in set(found) - set(COLUMNS):
        if meant := get_close_matches(stranger.strip().lower(), OPTIONAL_COLUMNS, n=1):
            raise BadInputError(f"found the column {stranger!r} in {manifest}; did you mean {meant[0]!r}?")


def _sample(line: _Line) -> Sample:
    path, label = line.cell("path"), line.cell("label")
    if None in line.cells:
        raise line.refused("no more cells than columns", f"more of them after {label!r}")
    if not path or not label:
        raise line.refused("a path and a label", f"the path {path!r} and the label {label!r}")
    try:
        medium_of(line.manifest.parent / path)
        boxes = boxes_in(line.cell("boxes"), label)
    except BadInputError as error:
        raise BadInputError(f"{error} (line {line.number} of {line.manifest})") from error
    split = line.cell("split")
    if (meant := _MEANT.get(split.lower(), split.lower())) in SPLITS and meant != split:
        raise line.refused(f"the split {meant!r} rather than {split!r}")
    masks = tuple(line.manifest.parent / name for name in masks_in(line.cell("mask")))
    sample = Sample(line.manifest.parent / path, label, line.cell("group"), split, boxes, masks)
    _require_no_defect(sample, line)
    return sample


def _require_no_defect(sample: Sample, line: _Line) -> None:
    """A good part with a drawn dent would teach that dents are good."""
    if sample.is_good and (drawn := [one for one in sample.boxes if not one.is_good]):
        raise BadInputError(
            f"wanted no box of a defect on a part labelled {sample.label!r}, found {boxes_text(drawn[:1])!r} in line "
            f"{line.number} of {line.manifest}; give the part the defect's label, or delete the box"
        )


def _check_files(manifest: Path, samples: Sequence[Sample]) -> None:
    named = [*(one.path for one in samples), *(mask for one in samples for mask in one.masks)]
    if missing := [str(path) for path in named if not path.is_file()]:
        raise BadInputError(
            f"wanted every picture that {manifest} names, found {len(missing)} missing, such as "
            f"{', '.join(missing[:NAMED_AT_ONCE])}; paths are relative to the manifest"
        )
    seen: dict[str, Sample] = {}
    for one in samples:
        before = seen.setdefault(os.path.normpath(one.path), one)
        if before is not one:
            labels = "" if before.label == one.label else f", as {before.label} and as {one.label}"
            raise BadInputError(
                f"wanted each picture once in {manifest}, found {one.path} in two lines{labels}; delete one"
            )
