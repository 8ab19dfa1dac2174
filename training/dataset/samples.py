"""Which pictures there are, what they show, and which belong together: from a folder or a CSV manifest.

A folder holds one folder per class, `good` or `normal` being the good one; or pictures alone, which then all show good
parts. A manifest is a CSV file with the columns path and label, and optionally group and split (others are left
alone); paths are relative to the manifest. Nothing is decoded here: pictures are read when they are asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, overload

from converters.calibration.samples import GOOD_LABELS
from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import FOREIGN_SUFFIXES, SUFFIXES, read_picture

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

REQUIRED_COLUMNS = ("path", "label")
OPTIONAL_COLUMNS = ("group", "split")
NAMED_AT_ONCE = 5
# A 12-bit value that stands unscaled in a 16-bit file comes out below 16 of 255.
DARKEST_PEAK = 16


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture.

    label: its class, as the folder or manifest calls it.
    group: pictures of one group (one part, one minute) must not be split between learning and judging; empty = alone.
    split: `train`, `test` or whatever the manifest says; empty = not said.
    """

    path: Path
    label: str
    group: str = ""
    split: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the label is one of the good ones."""
        return self.label.lower() in GOOD_LABELS


class Photographs(Sequence["npt.NDArray[np.uint8]"]):
    """The pixels of samples, H×W×3 uint8 RGB each, read from disk at each access.

    Access raises BadInputError for a file that is no picture, and for a picture without light.

    Args:
        samples: which pictures, in which order.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, place: int) -> npt.NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, place: slice) -> Photographs: ...
    def __getitem__(self, place: int | slice) -> npt.NDArray[np.uint8] | Photographs:
        if isinstance(place, slice):
            return Photographs(self._samples[place])
        return _lit(read_picture(self._samples[place].path), self._samples[place].path)


def read_dataset(source: Path) -> tuple[Sample, ...]:
    """List the samples of a folder or a CSV manifest, in a fixed order.

    Raises:
        BadInputError: nothing there, no pictures, no good class, an unreadable manifest, or rows without a file.
    """
    if source.is_dir():
        return _read_folder(source)
    if not source.is_file():
        raise BadInputError(f"wanted a folder of pictures or a CSV manifest, found nothing at {source}; check the path")
    if source.suffix.lower() != ".csv":
        raise BadInputError(
            f"wanted a folder of pictures or a CSV manifest, found the file {source}; "
            f"name a folder, or a .csv file with the columns {', '.join(REQUIRED_COLUMNS)}"
        )
    return _read_manifest(source)


def groups_of(samples: Sequence[Sample]) -> list[str] | None:
    """A group name per sample for cross-validation, or None where no sample names one."""
    if not any(one.group for one in samples):
        return None
    return [one.group or str(one.path) for one in samples]


def _lit(pixels: npt.NDArray[np.uint8], path: Path) -> npt.NDArray[np.uint8]:
    if int(pixels.max()) >= DARKEST_PEAK:
        return pixels
    raise BadInputError(
        f"wanted a picture with light in it, found none above {pixels.max()} of 255 in {path}; a 16-bit file may "
        "hold raw 10- or 12-bit values: save it as 8-bit PNG"
    )


def _read_folder(folder: Path) -> tuple[Sample, ...]:
    classes = sorted(one for one in folder.iterdir() if one.is_dir() and _pictures(one))
    if not classes:
        alone = tuple(Sample(path, "good") for path in _pictures(folder))
        if not alone:
            raise BadInputError(
                f"wanted pictures ({', '.join(sorted(SUFFIXES))}) in {folder}, found none; "
                "give the folder that holds the pictures, or one folder per class with one called good"
            )
        return alone
    samples = tuple(Sample(path, one.name) for one in classes for path in _pictures(one))
    if not any(sample.is_good for sample in samples):
        found = ", ".join(one.name for one in classes[:NAMED_AT_ONCE])
        raise BadInputError(
            f"wanted a class folder called good or normal in {folder}, found {found}; rename the folder of good parts"
        )
    if strays := _pictures(folder):
        raise BadInputError(
            f"wanted pictures only inside the class folders of {folder}, found {len(strays)} beside them, "
            f"such as {strays[0].name}; move them into a class"
        )
    return samples


def _pictures(folder: Path) -> list[Path]:
    """The picture files directly in `folder`, by name; hidden files are not pictures."""
    files = sorted(one for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))
    if foreign := [one.name for one in files if one.suffix.lower() in FOREIGN_SUFFIXES]:
        raise BadInputError(
            f"wanted pictures of the kinds {', '.join(sorted(SUFFIXES))} in {folder}, found {len(foreign)} of another, "
            f"such as {foreign[0]}; save them as PNG"
        )
    return [one for one in files if one.suffix.lower() in SUFFIXES]


def _read_manifest(manifest: Path) -> tuple[Sample, ...]:
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(manifest, reader.fieldnames or ())
            samples = tuple(_sample(manifest, row, reader.line_num) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(
            f"wanted a UTF-8 CSV file, found {manifest} unreadable: {error}; export it again"
        ) from error
    if not samples:
        raise BadInputError(f"wanted rows below the header of {manifest}, found none; add the pictures")
    if missing := [str(one.path) for one in samples if not one.path.is_file()]:
        raise BadInputError(
            f"wanted every picture that {manifest} names, found {len(missing)} missing, such as "
            f"{', '.join(missing[:NAMED_AT_ONCE])}; paths are relative to the manifest"
        )
    return samples


def _check_columns(manifest: Path, found: Sequence[str]) -> None:
    if missing := sorted(set(REQUIRED_COLUMNS) - set(found)):
        raise BadInputError(
            f"wanted the columns {', '.join(REQUIRED_COLUMNS)} in the first line of {manifest}, "
            f"found no {' and no '.join(missing)} among {', '.join(map(str, found)) or 'nothing'}; correct the header"
        )
    for stranger in set(found) - set(REQUIRED_COLUMNS) - set(OPTIONAL_COLUMNS):
        if meant := get_close_matches(stranger.strip().lower(), OPTIONAL_COLUMNS, n=1):
            raise BadInputError(f"found the column {stranger!r} in {manifest}; did you mean {meant[0]!r}?")


def _sample(manifest: Path, row: dict[str, str | None], line: int) -> Sample:
    path, label = (row.get("path") or "").strip(), (row.get("label") or "").strip()
    if not path or not label or None in row:
        raise BadInputError(
            f"wanted a path and a label, and no more cells than columns, in line {line} of {manifest}; correct the line"
        )
    group, split = ((row.get(column) or "").strip() for column in OPTIONAL_COLUMNS)
    return Sample(manifest.parent / path, label, group, split)
