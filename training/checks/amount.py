"""Whether there is enough of everything, and whether it can be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.checks.finding import Finding, counted
from training.checks.looked import near_groups
from training.dataset.amounts import ADVISED_PARTS, FEWEST_PARTS, FEWEST_RECORDINGS
from training.dataset.judged_split import TRAIN_SPLIT
from training.dataset.subjects import are_sounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.checks.facts import Facts
    from training.checks.looked import Looked

FEWEST_OF_A_DEFECT = 3
"""Fewer cannot be both learned and judged."""

LOPSIDED = 20


def check_readable(looked: Looked) -> Iterator[Finding]:
    """Files that are no picture or sound, are damaged, or hold nothing."""
    if broken := [one for one in looked.facts if one.problem]:
        yield Finding(
            "unreadable",
            must_mend=True,
            sentence=f"{counted(len(broken), 'file')} of {len(looked.facts)} cannot be used: {broken[0].problem}",
            groups=tuple((one,) for one in broken),
        )


def check_amount(looked: Looked) -> Iterator[Finding]:
    """How many different good parts there are to learn from."""
    has_splits = any(one.sample.split for one in looked.facts)
    learned = [
        one for one in looked.readable if one.sample.is_good and (not has_splits or one.sample.split == TRAIN_SPLIT)
    ]
    different = len({one.digest for one in learned})
    where = f" in the split {TRAIN_SPLIT}" if has_splits else ""
    if different < ADVISED_PARTS:
        fewest = FEWEST_RECORDINGS if are_sounds([one.sample for one in looked.facts]) else FEWEST_PARTS
        yield Finding(
            "amount",
            must_mend=different < fewest,
            sentence=f"{different} different good parts to learn from{where}: "
            f"{fewest} are needed, {ADVISED_PARTS} advised; take {ADVISED_PARTS - different} more",
        )
    if is_one_part(looked, learned):
        yield Finding(
            "amount",
            must_mend=True,
            sentence="all good parts look the same: one part taken again and again teaches nothing of the others; "
            "photograph different parts",
        )


def is_one_part(looked: Looked, good: Sequence[Facts]) -> bool:
    """Whether good parts are two or more pictures of one: nearly the same beside all others, and among themselves.

    Beside defects of another kind good parts are alike that differ among themselves.
    """
    different = len({one.digest for one in good})
    places = {id(one) for one in good}
    alike = any(places <= {id(one) for one in group} for group in looked.near)
    return different > 1 and alike and [len(group) for group in near_groups(good)] == [len(good)]


def require_different_parts(looked: Looked) -> None:
    """Refuse photographs that show one good part again and again: nobody knows what others look like.

    Raises:
        BadInputError: all good ones look the same.
    """
    good = [one for one in looked.readable if one.sample.is_good and one.picture is not None]
    if is_one_part(looked, good):
        raise BadInputError(
            f"wanted different good parts, found that all {len(good)} photographs look the same: one part taken again "
            "and again teaches nothing of the others; photograph different parts"
        )


def check_balance(looked: Looked) -> Iterator[Finding]:
    """How many there are of each class, and whether a split can be judged with."""
    counts = Counter(one.sample.label for one in looked.readable if not one.sample.is_good)
    good = sum(one.sample.is_good for one in looked.readable)
    if rare := [label for label, count in counts.items() if count < FEWEST_OF_A_DEFECT]:
        yield Finding(
            "balance",
            must_mend=False,
            sentence=f"fewer than {FEWEST_OF_A_DEFECT} samples of {', '.join(sorted(rare))}: too few to learn from "
            "and to judge with; collect more",
        )
    if counts and good > LOPSIDED * sum(counts.values()):
        yield Finding(
            "balance",
            must_mend=False,
            sentence=f"{good} good samples for {sum(counts.values())} defects: the escape rate will have wide bounds",
        )
    tested = [one for one in looked.readable if one.sample.split == "test"]
    if tested and len({one.sample.is_good for one in tested}) == 1:
        missing = "defects" if tested[0].sample.is_good else "good parts"
        yield Finding(
            "balance",
            must_mend=False,
            sentence=f"the split test has no {missing}: neither AUROC nor escape can be told",
        )
