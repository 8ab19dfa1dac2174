"""What the names of pictures say against their label: a folder without classes is taken to show good parts alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters.calibration.samples import GOOD_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Sample

DEFECT_WORDS = frozenset(
    {
        *("anomaly", "anomalous", "abnormal", "bad", "broken", "damaged", "defect", "defective", "fail", "failed"),
        *("faulty", "ng", "nok", "notok", "reject", "rejected", "scrap"),
    }
)
"""First words of a file's name by which people mark a part that is not good."""

NAMED_AT_ONCE = 3


def doubtful_names(samples: Sequence[Sample]) -> str:
    """A sentence where pictures that are learned as good are named as if they were not; empty where none is.

    A name counts by its first word: one for a defect, or any other beside names that begin with `good` or `normal`.

    Args:
        samples: those that are learned.
    """
    words = [_first_word(one) for one in samples]
    some_say_good = any(word in GOOD_LABELS for word in words)
    doubtful = [
        one.path.name
        for one, word in zip(samples, words, strict=True)
        if word in DEFECT_WORDS or (some_say_good and word and word not in GOOD_LABELS)
    ]
    if not doubtful:
        return ""
    more = " …" if len(doubtful) > NAMED_AT_ONCE else ""
    return (
        f"learned {len(doubtful)} of {len(samples)} pictures as good whose names say otherwise: "
        f"{', '.join(doubtful[:NAMED_AT_ONCE])}{more}; if they show defects, move them into a folder of their own "
        "beside one called good, and learn again"
    )


def _first_word(sample: Sample) -> str:
    found = re.match(r"[^\W\d_]+", sample.path.stem.lower())
    return found.group() if found else ""
