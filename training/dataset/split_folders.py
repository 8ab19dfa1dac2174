"""A folder per split, and in it a folder per class: `train/good`, `test/good`, `test/dent`, as MVTec AD has it.

Masks may lie in `ground_truth/<class>/`, called like the picture or with `_mask` behind its name; where two splits have
pictures of one name and class, in `ground_truth/<split>/<class>/`. A picture with several masks has a folder of its
name there. The layouts are those of the data sets MVTec AD (Bergmann et al., 2019, section 3) and MVTec LOCO AD
(Bergmann et al., 2022, section 3); `defects_config.json` of the latter, by which its authors score maps of places, is
not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.class_folders import class_samples
from training.dataset.listing import files_in, folders_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from training.dataset.sample import Sample

    _Key = tuple[str, str, str]

SPLITS = ("train", "val", "valid", "validation", "test")
MASKS = "ground_truth"
_MASK_TAIL = "_mask"


def is_split_folders(folder: Path) -> bool:
    """Whether it has a folder `train` or `test` with a folder per class."""
    return any(one.name in {"train", "test"} and any(map(files_in, folders_in(one))) for one in folders_in(folder))


def read_split_folders(folder: Path) -> tuple[Sample, ...]:
    """The samples of every split, with the masks of those that have one.

    Raises:
        BadInputError: other folders or pictures beside the splits, masks without a picture of theirs.
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
    return _with_masks(samples, folder / MASKS) if (folder / MASKS).is_dir() else samples


def _with_masks(samples: tuple[Sample, ...], folder: Path) -> tuple[Sample, ...]:
    """Each sample of a class that has masks in its split, with its own."""
    masks = _masks(folder)
    found = {one: masks.get(_key(one)) or masks.get(_key(replace(one, split="")), ()) for one in samples}
    _require_one_owner(found, folder)
    masked = {(one.split, one.label) for one, own in found.items() if own}
    if bare := [one.path for one, own in found.items() if not own and (one.split, one.label) in masked]:
        raise BadInputError(
            f"wanted a mask in {folder / bare[0].parent.name} for each picture of its class, found none for "
            f"{len(bare)}, such as {bare[0]}; add it, or take the class out of {folder.name}"
        )
    if lost := sorted(str(own[0]) for own in set(masks.values()).difference(found.values())):
        raise BadInputError(
            f"wanted a picture for each mask, found none for {len(lost)}, such as {lost[0]}; add it, or delete the mask"
        )
    return tuple(replace(one, masks=own) for one, own in found.items())


def _masks(folder: Path) -> dict[_Key, tuple[Path, ...]]:
    """Split (empty: of any), class and stem of a picture to its masks."""
    splits = [one for one in folders_in(folder) if one.name in SPLITS]
    found: dict[_Key, tuple[Path, ...]] = {}
    for split, place in [("", folder), *((one.name, one) for one in splits)]:
        for kind in [one for one in folders_in(place) if one not in splits]:
            for stem, masks in _of_class(kind):
                if (before := found.setdefault((split, kind.name, stem), masks)) is not masks:
                    raise BadInputError(
                        f"wanted the masks of a picture in one place, found {before[0]} and {masks[0]}; put both into "
                        "a folder of the picture's name"
                    )
    return found


def _of_class(folder: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """The stem of each picture and its masks."""
    yield from ((mask.stem.removesuffix(_MASK_TAIL), (mask,)) for mask in files_in(folder))
    yield from ((one.name, _numbered(one)) for one in folders_in(folder))


def _numbered(folder: Path) -> tuple[Path, ...]:
    """The masks of one picture."""
    masks = tuple(files_in(folder))
    if not masks or folders_in(folder):
        raise BadInputError(
            f"wanted the masks of one picture in {folder}, found {'folders' if masks else 'none'}; mend it"
        )
    return masks


def _key(sample: Sample) -> _Key:
    return sample.split, sample.label, sample.path.stem


def _require_one_owner(found: Mapping[Sample, tuple[Path, ...]], folder: Path) -> None:
    owner: dict[tuple[Path, ...], Sample] = {}
    for one, masks in found.items():
        if masks and (other := owner.setdefault(masks, one)) is not one:
            raise BadInputError(
                f"wanted one picture for the mask {masks[0]}, found {other.path} and {one.path}; put the masks of each "
                f"split into a folder such as {folder / one.split / one.label}"
            )
