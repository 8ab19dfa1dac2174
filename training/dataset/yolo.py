"""YOLO annotations: `images/` and `labels/` side by side, a text file of boxes for each picture.

A line is `class x_centre y_centre width height`, as fractions of the picture (Ultralytics, "Object Detection Datasets
Overview"). The classes' names stand in `data.yaml` (`names`), or one per line in `classes.txt`. An empty text file
says that the part is good; none at all says nothing, and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.drawn_boxes import checked_box, within
from training.dataset.listing import files_in, folders_in
from training.dataset.sample import Sample, label_of
from training.dataset.upright_size import upright_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from training.dataset.sample import Box

IMAGES, LABELS = "images", "labels"
NAMES = ("data.yaml", "data.yml", "classes.txt", "labels/classes.txt")
_CELLS = 5
_NO_LABELS = frozenset({"classes.txt", "train.txt", "val.txt", "test.txt"})
"""Lists that tools put among the labels."""


def yolo_pairs(folder: Path) -> list[tuple[Path, Path, str]]:
    """Folders of pictures, of their labels, and the split: of the whole, or `images/train`, or `train/images`."""
    pairs = [*_below(folder, ""), *(pair for one in folders_in(folder) for pair in _below(one, one.name))]
    if (folder / IMAGES).is_dir() and (folder / LABELS).is_dir():
        pairs += [
            (one, folder / LABELS / one.name, one.name)
            for one in folders_in(folder / IMAGES)
            if (folder / LABELS / one.name).is_dir()
        ]
    return pairs


def read_yolo(folder: Path) -> tuple[Sample, ...]:
    """The samples of all its splits. Of a picture with boxes the size is looked up, nothing is decoded.

    Raises:
        BadInputError: no names, pictures without labels, labels without pictures, or a line that is none.
    """
    names = _names(folder)
    samples = tuple(one for pair in yolo_pairs(folder) for one in _pair(*pair, names))
    if not samples:
        raise BadInputError(f"wanted pictures in {folder / IMAGES}, found none; put them there")
    return samples


def _below(folder: Path, split: str) -> Iterator[tuple[Path, Path, str]]:
    images, labels = folder / IMAGES, folder / LABELS
    if images.is_dir() and labels.is_dir() and files_in(images):
        yield images, labels, split


def _names(folder: Path) -> Mapping[int, str]:
    files = [folder / name for name in NAMES if (folder / name).is_file()]
    if not files:
        raise BadInputError(
            f"wanted the classes' names in {folder} ({' or '.join(NAMES)}), found none; write them there"
        )
    file = files[0]
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"wanted the classes' names in {file}, found it unreadable: {error}; write it again"
        ) from error
    if file.suffix == ".txt":
        return _listed_names(text, file)
    return _yaml_names(text, file)


def _listed_names(text: str, file: Path) -> Mapping[int, str]:
    """A line's number is its class: an empty one in between is a class without a name, no line to pass over."""
    names = [line.strip() for line in text.rstrip().splitlines()]
    if "" in names:
        raise BadInputError(
            f"wanted a class's name in each line of {file}, found line {names.index('') + 1} empty; write the class's "
            "name there, or delete the line if the labels do not count it"
        )
    return dict(enumerate(names))


def _yaml_names(text: str, file: Path) -> Mapping[int, str]:
    import yaml  # noqa: PLC0415 - one layout of many needs it

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInputError(f"wanted YAML in {file}, found {error}; write it again") from error
    found = document.get("names") if isinstance(document, dict) else None
    names = dict(enumerate(found)) if isinstance(found, list) else found
    if not isinstance(names, dict) or not all(isinstance(key, int) for key in names):
        raise BadInputError(f"wanted 'names' in {file}: a list, or names by number; found {found!r}; write them there")
    return {key: str(name) for key, name in names.items()}


def _pair(images: Path, labels: Path, split: str, names: Mapping[int, str]) -> Iterator[Sample]:
    files = {one.stem: one for one in sorted(labels.glob("*.txt")) if one.name not in _NO_LABELS}
    pictures = files_in(images)
    stems = {one.stem for one in pictures}
    if bare := [one.name for one in pictures if one.stem not in files]:
        raise BadInputError(
            f"wanted a file of labels in {labels} for each picture, found none for {len(bare)}, such as {bare[0]}; "
            "draw its boxes, or add an empty file to say that it shows a good part"
        )
    if lost := [one.name for stem, one in files.items() if stem not in stems]:
        raise BadInputError(
            f"wanted a picture in {images} for each file of labels, found none for {len(lost)}, such as {lost[0]}; "
            "add it, or delete the file"
        )
    for picture in pictures:
        boxes = tuple(_boxes(files[picture.stem], picture, names))
        yield Sample(picture, label_of(boxes), split=split, boxes=boxes)


def _boxes(file: Path, picture: Path, names: Mapping[int, str]) -> Iterator[Box]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"wanted labels in {file}, found it unreadable: {error}; export again") from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    size_px = upright_size(picture) if rows else (0, 0)
    for number, line in rows:
        yield _row(line, f"line {number} of {file}", size_px, names)


def _row(line: str, where: str, size_px: tuple[int, int], names: Mapping[int, str]) -> Box:
    try:
        return _box(line, size_px, names)
    except ValueError as error:
        form = "class x_centre y_centre width height"
        raise BadInputError(f"wanted {form!r} in {where}, found {line!r}: {error}") from error


def _box(line: str, size_px: tuple[int, int], names: Mapping[int, str]) -> Box:
    words = line.split()
    if len(words) != _CELLS:
        raise BadInputError(f"wanted {_CELLS} numbers, found {len(words)}; export boxes, no outlines or key points")
    number, (x, y, width, height) = int(words[0]), map(float, words[1:])
    if number not in names:
        raise BadInputError(f"wanted a class of {', '.join(names.values())}, found number {number}; add its name")
    if max(x, y, width, height) > 1:
        raise BadInputError("wanted fractions of the picture, found more than 1; export in YOLO's own form")
    wide, high = size_px
    box = checked_box((x - width / 2) * wide, (y - height / 2) * high, width * wide, height * high, names[number])
    return within(box, wide, high)
