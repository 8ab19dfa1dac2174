"""A folder per split, and in it a folder per class: `train/good`, `test/good`, `test/dent`, as MVTec AD has it.

Masks may lie in `ground_truth/<class>/`, called like the picture or with `_mask` behind its name; where two splits have
pictures of one name and class, in `ground_truth/<split>/<class>/`. The layout is that of the MVTec Anomaly Detection
data set (Bergmann et al., 2019, section 3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.class_folders import class_samples, require_good
from training.dataset.listing import files_in, folders_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.dataset.sample import Sample

SPLITS = ("train", "val", "valid", "validation", "test")
MASKS = "ground_truth"
_MASK_TAIL = "_mask"


def is_split_folders(folder: Path) -> bool:
    """Whether it has a folder `train` or `test` with a folder per class."""
    return any(one.name in {"train", "test"} and any(map(files_in, folders_in(one))) for one in folders_in(folder))


def read_split_folders(folder: Path) -> tuple[Sample, ...]:
    """The samples of every split, with the masks of those that have one.

    Raises:
        BadInputError: no good class, other folders or pictures beside the splits, masks without a picture of theirs.
    """
    if strays := [one for one in folders_in(folder) if one.name not in {*SPLITS, MASKS} and any(one.iterdir())]:
        raise BadInputError(
            f"wanted {', '.join(SPLITS)} and {MASKS} in {folder}, found {strays[0].name} beside them; "
            "move it away, or into one of them"
        )
    if files := files_in(folder):
        raise BadInputError(f"wanted pictures only inside the splits of {folder}, found {files[0].name}; move it away")
    samples = tuple(
        one for split in SPLITS if (folder / split).is_dir() for one in class_samples(folder / split, split)
    )
    require_good(samples, folder)
    return _with_masks(samples, folder / MASKS) if (folder / MASKS).is_dir() else samples


def _with_masks(samples: tuple[Sample, ...], folder: Path) -> tuple[Sample, ...]:
    """Each sample of a class that has masks in its split, with its own."""
    masks = _masks(folder)
    found = {one: masks.get(_key(one)) or masks.get(_key(replace(one, split=""))) for one in samples}
    _require_one_owner(found)
    masked = {(one.split, one.label) for one, mask in found.items() if mask}
    if bare := [one.path for one, mask in found.items() if mask is None and (one.split, one.label) in masked]:
        raise BadInputError(
            f"wanted a mask in {folder / bare[0].parent.name} for each picture of its class, found none for "
            f"{len(bare)}, such as {bare[0]}; add it, or take the class out of {folder.name}"
        )
    if lost := sorted(str(one) for one in set(masks.values()).difference(found.values())):
        raise BadInputError(
            f"wanted a picture for each mask, found none for {len(lost)}, such as {lost[0]}; add it, or delete the mask"
        )
    return tuple(replace(one, mask=mask) for one, mask in found.items())


def _masks(folder: Path) -> dict[tuple[str, str, str], Path]:
    """Split (empty: of any), class and stem of a picture to its mask."""
    splits = [one for one in folders_in(folder) if one.name in SPLITS]
    places = [("", folder), *((one.name, one) for one in splits)]
    return {
        (split, kind.name, mask.stem.removesuffix(_MASK_TAIL)): mask
        for split, place in places
        for kind in folders_in(place)
        if kind not in splits
        for mask in files_in(kind)
    }


def _key(sample: Sample) -> tuple[str, str, str]:
    return sample.split, sample.label, sample.path.stem


def _require_one_owner(found: Mapping[Sample, Path | None]) -> None:
    owner: dict[Path, Sample] = {}
    for one, mask in found.items():
        if mask is not None and (other := owner.setdefault(mask, one)) is not one:
            raise BadInputError(
                f"wanted one picture for the mask {mask}, found {other.path} and {one.path}; put the masks of each "
                f"split into a folder such as {mask.parent.parent / one.split / one.label}"
            )
