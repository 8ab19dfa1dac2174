"""Which rows of a dataset are judged: those of one split, so that what was learned does not judge itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.dataset.sample import Sample

TRAIN_SPLIT, TEST_SPLIT = "train", "test"


def to_judge(samples: Sequence[Sample], split: str | None, source: Path) -> tuple[list[Sample], str | None]:
    """The rows of `split`, by default those of `test` where there are some and else all, and which split they are of.

    Raises:
        BadInputError: no row is of that split.
    """
    found = sorted({one.split for one in samples if one.split})
    chosen = split or (TEST_SPLIT if TEST_SPLIT in found else None)
    if chosen is None:
        return list(samples), None
    if chosen not in found:
        raise BadInputError(f"wanted rows with split {chosen!r} in {source}, found {', '.join(found) or 'no splits'}")
    return [one for one in samples if one.split == chosen], chosen
