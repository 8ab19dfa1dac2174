"""COCO annotations: a JSON file of images, categories and boxes (`instances_*.json`, `_annotations.coco.json`).

A picture without a box is good; one with boxes is what its largest defect is. Format: cocodataset.org, "Data format".
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from training.dataset.drawn_boxes import checked_box, within
from training.dataset.listing import files_in, folders_in, medium_of
from training.dataset.sample import Sample, label_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from training.dataset.sample import Box

PER_SPLIT = "_annotations.coco.json"
SPLIT_NAMES = frozenset({"train", "val", "valid", "validation", "test"})
"""What some tools write beside the pictures of each split."""

NAMED_AT_ONCE = 5

Value = TypeVar("Value", bound="Hashable")


class _Part(BaseModel):
    """What the format has beyond the fields named here is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Image(_Part):
    id: int
    file_name: str = Field(min_length=1)
    width: int | None = Field(None, gt=0)
    height: int | None = Field(None, gt=0)


class _Category(_Part):
    id: int
    name: str = Field(min_length=1)


class _Annotation(_Part):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]


class _Document(_Part):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation]


def coco_files(folder: Path) -> list[Path]:
    """The files of annotations that a folder's layout has: one per split, or those beside or in `annotations`."""
    per_split = [one / PER_SPLIT for one in (folder, *folders_in(folder)) if (one / PER_SPLIT).is_file()]
    return per_split or sorted(folder.glob("annotations/*.json"))


def read_coco_folder(folder: Path) -> tuple[Sample, ...]:
    """The samples of all its files of annotations; a split is called as its folder, or as the file's name ends.

    Raises:
        BadInputError: as from `read_coco`; a picture in two files, or lying there without being in any.
    """
    files = coco_files(folder)
    samples = tuple(one for file in files for one in read_coco(file, _split(file, folder, alone=len(files) == 1)))
    if twice := repeated(one.path for one in samples):
        raise BadInputError(f"wanted each picture in one file of {folder}, found {twice} in two; export again")
    _refuse_unnamed({one.path for one in samples}, folder)
    return samples


def read_coco(file: Path, split: str = "") -> tuple[Sample, ...]:
    """The samples that a file of annotations names, in its order.

    Pictures are looked for beside the file, in `images` there, and the same one folder higher.

    Raises:
        BadInputError: no such JSON, a box of an unknown picture or class, a picture named twice, missing, or lying
            outside its folder.
    """
    document = _document(file)
    _check_ids(document, file)
    root = _root(file, [one.file_name for one in document.images])
    boxes = _boxes(document, file)
    samples = tuple(
        Sample(root / one.file_name, label_of(boxes[one.id]), split=split, boxes=tuple(boxes[one.id]))
        for one in document.images
    )
    for one in samples:
        medium_of(one.path)
    return samples


def repeated(values: Iterable[Value]) -> Value | None:
    """The first value that was there before, None where each is there once."""
    seen = set()
    for one in values:
        if one in seen:
            return one
        seen.add(one)
    return None


def _split(file: Path, folder: Path, *, alone: bool) -> str:
    if file.name == PER_SPLIT:
        return "" if file.parent == folder else file.parent.name
    name = file.stem.rpartition("_")[2].rstrip("0123456789")
    # The only file of an export is often called after nothing, as in instances_default.json.
    return "" if alone and name not in SPLIT_NAMES else name


def _document(file: Path) -> _Document:
    try:
        content = json.loads(file.read_bytes())
        if not isinstance(content, dict):
            raise BadInputError(
                f"wanted COCO annotations (images, categories, annotations) in {file}, found a "
                f"{'list' if isinstance(content, list) else 'single value'}; export again"
            )
        return _Document.model_validate(content)
    except (OSError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise BadInputError(
            f"wanted COCO annotations (JSON), found {file} unreadable: {error}; export again"
        ) from error
    except ValidationError as error:
        problems = "; ".join(explain(error, _Document)[:NAMED_AT_ONCE])
        raise BadInputError(
            f"wanted COCO annotations (images, categories, annotations) in {file}, found {problems}; export again"
        ) from error


def _check_ids(document: _Document, file: Path) -> None:
    if not document.images:
        raise BadInputError(f"wanted images in {file}, found none; export again with the pictures")
    for what, twice in (
        ("image id", repeated(one.id for one in document.images)),
        ("file_name", repeated(one.file_name for one in document.images)),
        ("category id", repeated(one.id for one in document.categories)),
    ):
        if twice is not None:
            raise BadInputError(f"wanted each {what} once in {file}, found {twice!r} twice; export again")


def _root(file: Path, names: list[str]) -> Path:
    """The folder that holds every picture."""
    if strange := [one for one in names if PurePosixPath(one).is_absolute() or ".." in PurePosixPath(one).parts]:
        raise BadInputError(
            f"wanted pictures that {file} names inside its folder, found {strange[0]!r}; correct file_name"
        )
    roots = [file.parent, file.parent / "images", file.parent.parent, file.parent.parent / "images"]
    roots += [root / file.stem.rpartition("_")[2] for root in roots]
    best = min(roots, key=lambda root: len(_missing(root, names)))
    if missing := _missing(best, names):
        raise BadInputError(
            f"wanted every picture that {file} names, found {len(missing)} of {len(names)} missing in {best}, such as "
            f"{', '.join(missing[:NAMED_AT_ONCE])}; put them beside the file, or into images there"
        )
    return best


def _missing(root: Path, names: list[str]) -> list[str]:
    return [one for one in names if not (root / one).is_file()] if root.is_dir() else names


def _boxes(document: _Document, file: Path) -> Mapping[int, list[Box]]:
    images = {one.id: one for one in document.images}
    classes = {one.id: one.name for one in document.categories}
    boxes: defaultdict[int, list[Box]] = defaultdict(list)
    for one in document.annotations:
        image, label = images.get(one.image_id), classes.get(one.category_id)
        if image is None or label is None:
            what = f"image {one.image_id}" if image is None else f"category {one.category_id}"
            raise BadInputError(f"wanted boxes of images and categories in {file}, found one of {what}; export again")
        try:
            box = checked_box(*one.bbox, label)
            boxes[image.id].append(within(box, image.width, image.height) if image.width and image.height else box)
        except BadInputError as error:
            raise BadInputError(f"{error} ({image.file_name} in {file})") from error
    return boxes


def _refuse_unnamed(named: AbstractSet[Path], source: Path) -> None:
    """A picture beside the others without an entry would be neither good nor bad."""
    folders = {one.parent for one in named}
    if strays := [path for folder in sorted(folders) for path in files_in(folder) if path not in named]:
        raise BadInputError(
            f"wanted every picture in {source} in its annotations, found {len(strays)} that are not, such as "
            f"{strays[0].name}; export again with all pictures (a good one has no box), or move them away"
        )
