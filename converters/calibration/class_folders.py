"""Whether the folders of labelled inputs are called as the model's classes, so that accuracy can be measured."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from converters.calibration.samples import GOOD_LABELS
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_contracts.manifest import Manifest

SHOWN = 5


def class_folder_note(manifest: Manifest, folders: Iterable[str]) -> str:
    """A sentence where folders name no class, so that no accuracy is measured; empty where all is well.

    Args:
        manifest: of the float model.
        folders: the label of each input, empty for one that lies in no class folder.

    Raises:
        BadInputError: some folders are classes and others are not, or one differs from a class in capitals alone: what
            was left out would flatter or hide a class. Or one is called as several classes are.
    """
    found = sorted({folder for folder in folders if folder})
    if manifest.task == "anomaly":
        return _note_on_parts(found)
    if manifest.task != "classification" or not found:
        return ""
    _require_classes(found, manifest.labels)
    if found[0] in manifest.labels:
        return ""
    if manifest.labels == unnamed(len(manifest.labels)):
        return f"no accuracy: the folders {_some(found)} name no class; give the classes' names with --labels"
    return (
        f"no accuracy: none of the folders {_some(found)} is called as a class ({_some(manifest.labels)}); "
        "rename the folders as the labels"
    )


def unnamed(classes: int) -> tuple[str, ...]:
    """The labels of classes that nobody named."""
    return tuple(str(index) for index in range(classes))


def _note_on_parts(found: Sequence[str]) -> str:
    if not found or any(folder.lower() in GOOD_LABELS for folder in found):
        return ""
    return f"no AUROC: none of the folders {_some(found)} is called good or normal; rename that of the good parts"


def _require_classes(found: Sequence[str], labels: Sequence[str]) -> None:
    strangers = [folder for folder in found if folder not in labels]
    near = {folder: label for folder in strangers for label in labels if label.casefold() == folder.strip().casefold()}
    if strangers and (near or len(strangers) < len(found)):
        meant = [f"{folder} to {label}" for folder, label in near.items()]
        todo = f"rename {_some(meant)}" if meant else "rename them as the labels, or take them out"
        raise BadInputError(
            f"wanted folders called as the classes ({_some(labels)}), found {_some(strangers)} beside them; {todo}"
        )
    several = [folder for folder in found if Counter(labels)[folder] > 1]
    if several:
        raise BadInputError(
            f"wanted labels of which each folder names one, found {_some(several)} more than once among them; "
            "make them differ in the file of labels"
        )


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
