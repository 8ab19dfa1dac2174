"""Copies and near-duplicates: harmless beside each other, a lie across a split, a contradiction across labels."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from training.checks.families import families, likeness
from training.checks.finding import Finding, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.checks.facts import Facts
    from training.checks.families import Likeness
    from training.checks.looked import Looked


TWO = 2
"""Splits that one group lies in make a leak."""


def check_copies(looked: Looked) -> Iterator[Finding]:
    """Files that are the same in every byte, with one label and in one split."""
    groups = tuple(one for one in looked.copies if len(_labels(one)) == 1 and len(_splits(one)) < TWO)
    if groups:
        extra = sum(len(group) - 1 for group in groups)
        yield Finding(
            "copies",
            must_mend=False,
            sentence=f"{counted(extra, 'file')} of {len(looked.facts)} the same as another: a copy teaches "
            "nothing; delete it",
            groups=groups,
        )


def check_conflicts(looked: Looked) -> Iterator[Finding]:
    """One content under two labels, and labels that differ only in how they are written."""
    if groups := tuple(group for group in looked.copies if len(_labels(group)) > 1):
        yield Finding(
            "label conflict",
            must_mend=True,
            sentence=f"{counted(len(groups), 'content')} under two labels at once: one of them is wrong; keep the "
            "right one",
            groups=groups,
        )
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for one in looked.facts:
        spellings[one.sample.label.casefold().strip(" _-")].add(one.sample.label)
    for labels in spellings.values():
        if len(labels) > 1:
            told = " and ".join(map(repr, sorted(labels)))
            yield Finding(
                "label conflict",
                must_mend=False,
                sentence=f"the labels {told} may be one; call it the same everywhere",
            )


def check_relatives(looked: Looked) -> Iterator[Finding]:
    """Relatives, by the definition that a split goes by: across splits, within one, and those that it leaves out."""
    alike = likeness(looked)
    yield from _leaks([tuple(looked.facts[place] for place in one) for one in families(looked, alike=alike)])
    yield from _near_duplicates(alike)
    if alike.kinds:
        yield Finding("likeness", must_mend=False, sentence=alike.remark, groups=alike.kinds)


def _leaks(related: Sequence[tuple[Facts, ...]]) -> Iterator[Finding]:
    """What is learned from must not be judged with."""
    across = [group for group in related if len(_splits(group)) > 1]
    parted = tuple(group for group in across if len({one.sample.group or id(one) for one in group}) == 1)
    alike = tuple(group for group in across if group not in parted)
    for groups, what in ((alike, "the same or nearly so"), (parted, "of one group of yours")):
        if groups:
            splits = " and ".join(sorted({split for group in groups for split in _splits(group)}))
            yield Finding(
                "leak",
                must_mend=True,
                sentence=f"{counted(sum(map(len, groups)), 'sample')} that are {what} lie in {splits} at once: figures "
                "would flatter; split again with 'lepton data split'",
                groups=groups,
            )


def _near_duplicates(alike: Likeness) -> Iterator[Finding]:
    """The same part again, within one split; told apart by whether its label is the same."""
    within = [group for group in alike.parts if len({one.digest for one in group}) > 1 and len(_splits(group)) < TWO]
    if same := tuple(group for group in within if len(_labels(group)) == 1):
        count = counted(sum(map(len, same)), "sample")
        yield Finding(
            "near-duplicates",
            must_mend=False,
            sentence=f"{count} nearly the same as another, in {counted(len(same), 'group')}: fewer parts than files; "
            "'lepton data split' keeps each group on one side",
            groups=same,
        )
    if unlike := tuple(group for group in within if len(_labels(group)) > 1):
        yield Finding(
            "near-duplicates",
            must_mend=False,
            sentence=f"{counted(len(unlike), 'group')} nearly the same under different labels: a small defect, or "
            "a slip; "
            "look at each",
            groups=unlike,
        )


def _labels(group: tuple[Facts, ...]) -> set[str]:
    return {one.sample.label for one in group}


def _splits(group: tuple[Facts, ...]) -> set[str]:
    return {one.sample.split for one in group if one.sample.split}
