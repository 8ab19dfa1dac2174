"""What is said of files and rows that no split takes, and of groups that one parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.dataset.reading import left_out, unlisted
from training.dataset.split_rows import parted_groups, parted_sentence, rows_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.dataset.sample import Sample


def split_notes(source: Path, samples: Sequence[Sample]) -> list[str]:
    """A sentence for each thing to say.

    Args:
        source: what was read.
        samples: all that was found there.
    """
    told = (unlisted(left_out(source, samples)), rows_apart(samples), parted_sentence(parted_groups(samples)))
    return [one for one in told if one]
