"""From wherever a user has pictures or sounds to samples: a table of layouts, each known by its sign."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.class_folders import (
    class_samples,
    is_class_folders,
    is_good_only,
    read_good_only,
    require_good,
)
from training.dataset.coco import coco_files, read_coco, read_coco_folder
from training.dataset.labels_export import read_labels_export
from training.dataset.listing import PICTURES, SOUNDS, files_below, medium_of
from training.dataset.manifest import MANIFESTS, manifests_in, read_manifest, read_manifest_folder
from training.dataset.split_folders import is_split_folders, read_split_folders
from training.dataset.yolo import read_yolo, yolo_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from training.dataset.sample import Sample


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a dataset lies in a folder.

    name: what messages call it.
    is_here: whether a folder is laid out so, by its names alone.
    read: its samples.
    is_list: a file says which pictures count, and others may lie beside them.
    needs_good: without a class of good parts, folders may be anything.
    """

    name: str
    is_here: Callable[[Path], bool]
    read: Callable[[Path], tuple[Sample, ...]]
    is_list: bool = False
    needs_good: bool = False


ANNOTATED = (
    Layout(
        f"manifest ({' or '.join(MANIFESTS)})", lambda one: bool(manifests_in(one)), read_manifest_folder, is_list=True
    ),
    Layout("COCO annotations", lambda one: bool(coco_files(one)), read_coco_folder),
    Layout("YOLO annotations (images and labels)", lambda one: bool(yolo_pairs(one)), read_yolo),
)
"""Layouts whose labels stand in files; a folder may have one of them."""

PLAIN = (
    Layout("split folders (train/good, test/good, …)", is_split_folders, read_split_folders, needs_good=True),
    Layout("class folders (good, dent, …)", is_class_folders, class_samples, needs_good=True),
    Layout("good parts alone", is_good_only, read_good_only),
)
"""Layouts that folders' names make; the first that fits is read."""

FILES: Mapping[str, tuple[str, Callable[[Path], tuple[Sample, ...]]]] = {
    ".csv": ("a CSV manifest", read_manifest),
    ".json": ("COCO annotations", read_coco),
    ".yaml": ("YOLO's data.yaml", lambda one: _folder_of_yolo(one.parent)),
    ".yml": ("YOLO's data.yml", lambda one: _folder_of_yolo(one.parent)),
    ".zip": ("the manager's labels.zip", read_labels_export),
}
"""Files that stand for a dataset."""


def read_dataset(source: Path, classes: Mapping[str, bool] | None = None) -> tuple[Sample, ...]:
    """List the samples of a folder or of a file that describes a dataset, in a fixed order.

    Args:
        source: the folder or file.
        classes: of the bundle that will judge them, and whether each is good; other labels say that themselves.

    Raises:
        BadInputError: nothing there, no layout that is known or two of them, no good class, pictures among sounds, or
            what the layout's own reader refuses.
    """
    layout = layout_of(source) if source.is_dir() else None
    listed = _file(source) if layout is None else _folder(source, layout)
    samples = tuple(replace(one, passes=classes.get(one.label)) for one in listed) if classes else listed
    if layout is not None and layout.needs_good:
        require_good(samples, source, classes or {})
    _require_one_medium(samples, source)
    return samples


def layout_of(folder: Path) -> Layout:
    """The layout in which a dataset lies in a folder.

    Raises:
        BadInputError: none that is known, or several.
    """
    annotated = [one for one in ANNOTATED if one.is_here(folder)]
    if len(annotated) > 1:
        raise BadInputError(
            f"wanted one description of the pictures in {folder}, found {' and '.join(one.name for one in annotated)}; "
            "name the file that shall be read"
        )
    fitting = [*annotated, *(one for one in PLAIN if one.is_here(folder))]
    if not fitting:
        if any(one.suffix.lower() == ".csv" for one in (*folder.glob("*"), *folder.glob("*/*"))):
            raise BadInputError(
                f"wanted pictures or sounds in {folder}, found CSV files: what a sensor measured becomes recordings "
                f"with 'lepton data readings', and a manifest is named itself, or called {' or '.join(MANIFESTS)}"
            )
        deeper = next((one for one in folder.rglob("*") if one.suffix.lower() in {*PICTURES, *SOUNDS}), None)
        but = "" if deeper is None else f" (though {deeper.relative_to(folder)} is there)"
        raise BadInputError(
            f"wanted pictures ({', '.join(sorted(PICTURES))}) or sounds ({', '.join(sorted(SOUNDS))}) in {folder}, "
            f"found none in any of these layouts: {', '.join(one.name for one in (*PLAIN, *ANNOTATED))}{but}; "
            "give the folder that holds the pictures, or one folder per class with one called good"
        )
    return fitting[0]


def left_out(source: Path, samples: Sequence[Sample]) -> list[str]:
    """The pictures and sounds below a folder that its manifest does not list.

    None of another layout, which has to have all, and none of a manifest that was named: nobody asked what lies beside.
    """
    return _unnamed(source, samples) if source.is_dir() and manifests_in(source) else []


def unlisted(files: Sequence[str]) -> str:
    """A sentence where a folder has more than its manifest lists; empty where it has not."""
    if not files:
        return ""
    count = "1 file" if len(files) == 1 else f"{len(files):,} files"
    return f"left out {count} of the folder that its manifest does not list, such as {files[0]}"


def _unnamed(source: Path, samples: Sequence[Sample]) -> list[str]:
    named = {os.path.abspath(one) for sample in samples for one in (sample.path, *sample.masks)}  # noqa: PTH100 - fast
    return sorted(one for one in files_below(source) if os.path.abspath(one) not in named)  # noqa: PTH100 - fast


def _folder(folder: Path, layout: Layout) -> tuple[Sample, ...]:
    return layout.read(folder) if layout.is_list else _whole(folder, layout)


def _folder_of_yolo(folder: Path) -> tuple[Sample, ...]:
    return _whole(folder, next(one for one in ANNOTATED if one.read is read_yolo))


def _whole(folder: Path, layout: Layout) -> tuple[Sample, ...]:
    """A part that lies where its layout does not look would be neither good nor bad."""
    samples = layout.read(folder)
    if lost := _unnamed(folder, samples):
        raise BadInputError(
            f"wanted every picture or sound below {folder} where the layout {layout.name} has it, found {len(lost)} "
            f"that no sample is made of, such as {os.path.relpath(lost[0], folder)}; move them there with their "
            "labels, or away, or write a manifest of what shall count"
        )
    return samples


def _file(source: Path) -> tuple[Sample, ...]:
    wanted = f"a folder of pictures or sounds, or {', '.join(f'{name} ({end})' for end, (name, _) in FILES.items())}"
    if not source.is_file():
        raise BadInputError(f"wanted {wanted}, found nothing at {source}; check the path")
    if source.suffix.lower() not in FILES:
        raise BadInputError(f"wanted {wanted}, found the file {source}; name one of these")
    _, read = FILES[source.suffix.lower()]
    return read(source)


def _require_one_medium(samples: Sequence[Sample], source: Path) -> None:
    first = medium_of(samples[0].path)
    if other := next((one for one in samples if medium_of(one.path) != first), None):
        raise BadInputError(
            f"wanted pictures or sounds in {source}, found both, such as {samples[0].path} and {other.path}; "
            "keep one kind"
        )
