"""What a bundle's card says of its threshold in sentences, and how such a sentence is known again.

Whoever sets another threshold takes these back and leaves every other sentence of the card.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.detectors.threshold import Threshold

RESTS_ON = (
    "The threshold rests on cross-validated scores of the good parts that were learned. It covers chance, not a line "
    "that changes: estimate it again on the line's own good parts."
)
_PROMISE = "At {} confidence the threshold rejects at most {} of good parts."
_PROMISED = re.compile(re.escape(_PROMISE).replace(r"\{\}", r"[\d.]+%"))


def threshold_notes(limit: Threshold) -> tuple[str, ...]:
    """What it rests on, and what it promises where it does."""
    promise = () if limit.confidence is None else (_PROMISE.format(f"{limit.confidence:.0%}", f"{limit.overkill:.1%}"),)
    return (RESTS_ON, *promise)


def is_threshold_note(note: str) -> bool:
    """Whether `threshold_notes` wrote it."""
    return note == RESTS_ON or _PROMISED.fullmatch(note) is not None
