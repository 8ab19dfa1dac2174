"""Which rows of a dataset are judged: those of one split, so that what was learned does not judge itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.dataset.sample import Sample

TRAIN_SPLIT, TEST_SPLIT = "train", "test"
NONE = "none"
"""How rows without a split are called."""


def to_judge(samples: Sequence[Sample], split: str | None, source: Path) -> tuple[list[Sample], str | None]:
    """The rows of `split`, and which splits they are of.

    By default those of `test`; where there are none those that are not for training; where all are, or none says, all.

    Raises:
        BadInputError: no row is of that split.
    """
    found = sorted({one.split for one in samples if one.split})
    chosen = split or (TEST_SPLIT if TEST_SPLIT in found else None)
    if chosen is None:
        apart = [one for one in samples if found and one.split != TRAIN_SPLIT]
        return apart or list(samples), ", ".join(sorted({one.split or NONE for one in apart})) or None
    if chosen not in found:
        raise BadInputError(f"wanted rows with split {chosen!r} in {source}, found {', '.join(found) or 'no splits'}")
    return [one for one in samples if one.split == chosen], chosen
