"""A folder per class, `good` or `normal` being the good one; or pictures alone, which then all show good parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.listing import files_in, folders_in
from training.dataset.sample import GOOD, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAMED_AT_ONCE = 5


def is_class_folders(folder: Path) -> bool:
    """Whether folders with pictures or sounds lie directly in it."""
    return any(files_in(one) for one in folders_in(folder))


def class_samples(folder: Path, split: str = "") -> tuple[Sample, ...]:
    """The samples of a folder per class, whatever the classes are called.

    Raises:
        BadInputError: pictures beside the classes, or in folders within them.
    """
    samples = tuple(Sample(path, one.name, split=split) for one in folders_in(folder) for path in files_in(one))
    if deeper := next((one for kind in folders_in(folder) for one in folders_in(kind) if files_in(one)), None):
        raise BadInputError(
            f"wanted pictures directly in the class folders of {folder}, found some in {deeper}; "
            f"move them up into {deeper.parent.name}, or list them in a manifest"
        )
    if strays := files_in(folder):
        raise BadInputError(
            f"wanted pictures only inside the class folders of {folder}, found {len(strays)} beside them, "
            f"such as {strays[0].name}; move them into a class"
        )
    return samples


def require_good(samples: Sequence[Sample], source: Path, classes: Mapping[str, bool]) -> None:
    """Refuse a source of which no sample is good.

    Args:
        samples: of the source.
        source: where they lie.
        classes: of the bundle that will judge them, and whether each is good; empty where none does.

    Raises:
        BadInputError: names the labels that were found.
    """
    if any(one.is_good for one in samples):
        return
    found = ", ".join(sorted({one.label for one in samples})[:NAMED_AT_ONCE])
    own = ", ".join([label for label, is_good in classes.items() if is_good][:NAMED_AT_ONCE])
    wanted = f"good, normal or as the bundle's good ones ({own})" if own else "good or normal"
    raise BadInputError(f"wanted a class called {wanted} in {source}, found {found}; rename the folder of good parts")


def is_good_only(folder: Path) -> bool:
    """Whether pictures or sounds lie directly in it."""
    return bool(files_in(folder))


def read_good_only(folder: Path) -> tuple[Sample, ...]:
    """The samples of a folder without classes, all good."""
    return tuple(Sample(path, GOOD) for path in files_in(folder))
