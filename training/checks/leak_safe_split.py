"""A split into learning and judging that parts nothing that belongs together.

Samples belong together that are relatives (`families`) or were taken in one go (`pauses`). Whole sets of them are dealt
out, so that every class is shared as was asked, as nearly as the sets allow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from training.checks.families import families, likeness
from training.checks.pauses import runs
from training.dataset.judged_split import TEST_SPLIT, TRAIN_SPLIT
from training.dataset.taken_at import taken_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from training.checks.families import Likeness
    from training.checks.looked import Looked
    from training.dataset import Sample

SET = "set-"

WINDOWS_MIN = (10.0, 5.0, 2.0, 1.0)
"""Tried one after the other: somebody who walks round a part with a camera takes minutes, a line makes one a second."""

FEWEST_SETS = 2
"""One for each side."""

OFF = 0.1
"""How far the share of a class may be from what was asked, when a shorter window would come nearer."""


@dataclass(frozen=True, slots=True)
class LeakSafeSplit:
    """A dataset with its split.

    samples: in the order that they were given, each with a group and a split.
    sets: how many sets of relatives there are.
    timed: how many samples tell when they were taken.
    window_min: how long samples that were taken in one go stay together, in minutes; 0 where time was left out.
    remark: which likeness was left out, and what to do; empty where none was.
    """

    samples: tuple[Sample, ...]
    sets: int
    timed: int
    window_min: float
    remark: str = ""

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of each label, by split."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in self.samples:
            found[one.split][one.label] += 1
        return {split: dict(sorted(found[split].items())) for split in sorted(found, reverse=True)}

    def missed(self, test_share: float) -> dict[str, float]:
        """Of the labels that could not be shared nearly as asked: what share is judged with."""
        all_of = Counter(one.label for one in self.samples)
        tested = Counter(one.label for one in self.samples if one.split == TEST_SPLIT)
        return {
            label: tested[label] / count
            for label, count in sorted(all_of.items())
            if not _is_close(tested[label], count, test_share)
        }


def split_dataset(looked: Looked, *, test_share: float, window_min: float | None, seed: int) -> LeakSafeSplit:
    """Deal a dataset out into `train` and `test`.

    Args:
        looked: the dataset, looked at; a split that it has is not kept, its groups are.
        test_share: of each class, that shall be judged with; between 0 and 1.
        window_min: samples taken in one go stay together, up to so many minutes; 0 leaves time out, None takes the
            longest of `WINDOWS_MIN` with which every class is shared nearly as asked.
        seed: deals; the same samples in the same order and the same seed give the same split.

    Raises:
        BadInputError: a sample cannot be read, or everything belongs together.
    """
    looked.require_readable()
    samples = [one.sample for one in looked.facts]
    times = [None] * len(samples) if window_min == 0 else [taken_at(one.path) for one in samples]
    if not any(times):
        window_min = 0.0
    alike = likeness(looked)
    *longer, shortest = WINDOWS_MIN if window_min is None else (window_min,)
    for minutes in longer:
        sets = _sets(looked, times, minutes, alike)
        tested = _deal(samples, sets, test_share, seed)
        if len(sets) >= FEWEST_SETS and _is_near(samples, tested, test_share):
            return replace(_made(samples, times, sets, tested, minutes), remark=alike.remark)
    sets = _sets(looked, times, shortest, alike)
    if len(sets) < FEWEST_SETS:
        raise BadInputError(
            f"wanted samples that can be parted, found all {len(samples)} related (by group, likeness or time); "
            "choose a shorter pause, or take pictures of other parts on another day"
        )
    made = _made(samples, times, sets, _deal(samples, sets, test_share, seed), shortest)
    return replace(made, remark=alike.remark)


def _sets(
    looked: Looked, times: Sequence[datetime | None], minutes: float, alike: Likeness
) -> Sequence[tuple[int, ...]]:
    pairs = [pair for run in runs(times, timedelta(minutes=minutes)) for pair in pairwise(run)]
    return families(looked, pairs, alike)


def _made(
    samples: Sequence[Sample],
    times: Sequence[datetime | None],
    sets: Sequence[tuple[int, ...]],
    tested: set[int],
    minutes: float,
) -> LeakSafeSplit:
    timed = sum(one is not None for one in times)
    return LeakSafeSplit(tuple(_told(samples, sets, tested)), len(sets), timed, minutes)


def _is_near(samples: Sequence[Sample], tested: set[int], test_share: float) -> bool:
    """Whether each class is shared as asked, but for a tenth of it or one sample."""
    counts = Counter(one.label for one in samples)
    found = Counter(samples[place].label for place in tested)
    return all(_is_close(found[label], count, test_share) for label, count in counts.items())


def _is_close(tested: int, count: int, test_share: float) -> bool:
    return abs(tested - test_share * count) <= max(OFF * count, 1.0)


def _deal(samples: Sequence[Sample], sets: Sequence[tuple[int, ...]], test_share: float, seed: int) -> set[int]:
    """Places that are judged with: the largest sets first, each to where its classes lack most."""
    lacking = {label: count * test_share for label, count in Counter(one.label for one in samples).items()}
    tested: set[int] = set()
    shuffled = [sets[place] for place in np.random.default_rng(seed).permutation(len(sets))]
    by_size = sorted(shuffled, key=len, reverse=True)
    for members in by_size[:-1]:
        labels = Counter(samples[place].label for place in members)
        if _distance(lacking, labels) < 0:
            tested.update(members)
            for label, count in labels.items():
                lacking[label] -= count
    return tested or set(by_size[-1])


def _distance(lacking: Mapping[str, float], labels: Mapping[str, int]) -> float:
    """By how much the split would be farther from what was asked with these samples in it; below 0 it is nearer."""
    return sum(abs(lacking[label] - count) - abs(lacking[label]) for label, count in labels.items())


def _told(samples: Sequence[Sample], sets: Sequence[tuple[int, ...]], tested: set[int]) -> Iterator[Sample]:
    set_of = {place: number for number, members in enumerate(sets) for place in members}
    digits = len(str(len(sets)))
    for place, one in enumerate(samples):
        group = f"{SET}{set_of[place]:0{digits}}"
        yield replace(one, group=group, split=TEST_SPLIT if place in tested else TRAIN_SPLIT)
