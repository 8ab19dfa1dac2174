"""What names say against what is learned: a folder without classes shows good parts alone, any other label a defect."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
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
"""First words of a file's name, or names of a folder, by which people mark a part that is not good."""

GOOD_WORDS = frozenset({"fine", "gut", "io", "ok", "okay", "pass", "passed"})
"""Labels by which people mean a good part, and which count as a defect beside one called good or normal."""

MISSPELT = 0.8
"""As alike as `god` and `good`, or more: twice the letters that two words share, of all that they have."""

NAMED_AT_ONCE = 3


def doubtful_names(samples: Sequence[Sample]) -> str:
    """A sentence where pictures that are learned as good are named as if they were not; empty where none is.

    A name counts by its first word: one for a defect, or any other beside names that begin with `good` or `normal`;
    or by the folder that it lies in, as `ng` and `defects`.

    Args:
        samples: those that are learned.
    """
    words = [_first_word(one) for one in samples]
    some_say_good = any(word in GOOD_LABELS for word in words)
    doubtful = [
        one.path.name if by_name else f"{one.path.parent.name}/{one.path.name}"
        for one, word in zip(samples, words, strict=True)
        if (by_name := word in DEFECT_WORDS or (some_say_good and word and word not in GOOD_LABELS))
        or one.path.parent.name.lower().removesuffix("s") in DEFECT_WORDS
    ]
    if not doubtful:
        return ""
    more = " …" if len(doubtful) > NAMED_AT_ONCE else ""
    return (
        f"learned {len(doubtful)} of {len(samples)} pictures as good whose names say otherwise: "
        f"{', '.join(doubtful[:NAMED_AT_ONCE])}{more}; if they show defects, move them into a folder of their own "
        "beside one called good, and learn again"
    )


def doubtful_labels(samples: Sequence[Sample]) -> str:
    """A sentence where labels that count as defects look as if they meant good parts; empty where none does.

    Args:
        samples: those of defects; good ones are passed over.
    """
    counts = Counter(one.label for one in samples if not one.is_good)
    found = [f"{label!r} ({count})" for label, count in sorted(counts.items()) if _means_good(label.lower())]
    if not found:
        return ""
    more = " …" if len(found) > NAMED_AT_ONCE else ""
    return (
        f"counted as defects: {', '.join(found[:NAMED_AT_ONCE])}{more}; if a label of these means good parts, call "
        "them good"
    )


def _means_good(label: str) -> bool:
    if label in GOOD_WORDS:
        return True
    for good in GOOD_LABELS:
        if good in label:  # `good-2`, not `abnormal`, `no good` or `goodyear`
            return re.fullmatch(rf"{good}(s|[\W\d_].*)?", label) is not None
        if label[:1] == good[0] and SequenceMatcher(None, label, good).ratio() >= MISSPELT:
            return True
    return False


def _first_word(sample: Sample) -> str:
    found = re.match(r"[^\W\d_]+", sample.path.stem.lower())
    return found.group() if found else ""
