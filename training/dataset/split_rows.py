"""What the splits of a dataset leave out, and what they part, in sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from training.dataset.judged_split import TRAIN_SPLIT
from training.dataset.split_folders import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset.sample import Sample

NAMED_AT_ONCE = 3


def rows_apart(samples: Sequence[Sample]) -> str:
    """A sentence where some rows of a source with splits are in none that is learned or judged with; else empty."""
    counts = Counter(one.split for one in samples if one.split not in SPLITS)
    if not counts or not any(one.split for one in samples):
        return ""
    found = [f"{count} without a split" if not split else f"{count} of {split!r}" for split, count in counts.items()]
    more = " …" if len(found) > NAMED_AT_ONCE else ""
    return (
        f"left out of what is learned: {', '.join(found[:NAMED_AT_ONCE])}{more}, of {len(samples)} rows; give them the "
        f"split {TRAIN_SPLIT} or test, or take them out"
    )


def parted_groups(samples: Sequence[Sample]) -> list[str]:
    """Groups of which some rows are for training and some are not, in the order of the rows."""
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for one in samples:
        if one.group:
            splits[one.group].add(one.split)
    return [group for group, found in splits.items() if TRAIN_SPLIT in found and len(found) > 1]


def parted_sentence(groups: Sequence[str]) -> str:
    """What to do about them; empty without any."""
    if not groups:
        return ""
    more = " …" if len(groups) > NAMED_AT_ONCE else ""
    lie = "1 group lies" if len(groups) == 1 else f"{len(groups)} groups lie"
    return (
        f"{lie} in the split {TRAIN_SPLIT} and outside of it at once ({', '.join(groups[:NAMED_AT_ONCE])}{more}): what "
        "is judged is related to what is learned, so figures flatter; split again with 'lepton data split'"
    )
