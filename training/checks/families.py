"""Who is related to whom: what must never be learned from on one side of a split and judged with on the other.

Samples are relatives that share a group or a file's content, or that are nearly the same; directly or over others. A
copy of one of a group's samples belongs to it, whatever group the copy has.

Where a set has two kinds of good parts, or was taken by day and by night, all of one kind are nearly the same once what
both share is taken off. So what is alike in threes and more is compared again, without what those samples share; and
where that parts them no further and they are more than a fifth of all, their likeness is none of single parts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from training.checks.looked import near_groups
from training.checks.relatives import connected

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from training.checks.facts import Facts
    from training.checks.looked import Looked

Pair = tuple[int, int]

PAIR = 2
MOST_ALIKE, MOST_SHARE = 5, 5
"""Samples that are one part by their likeness: five, or a fifth of all."""


def families(looked: Looked, more: Iterable[Pair] = ()) -> list[tuple[int, ...]]:
    """Places of the samples that are relatives, each place in one family, by first member.

    Args:
        looked: the samples, looked at.
        more: pairs of places that are relatives for another reason.
    """
    place_of = {id(one): place for place, one in enumerate(looked.facts)}
    pairs = [*more]
    near = _of_parts(looked.near, max(MOST_ALIKE, len(looked.facts) // MOST_SHARE))
    pairs += [(place_of[id(one)], place_of[id(other)]) for group in near for one, other in pairwise(group)]
    pairs += _sharing([one.sample.group or None for one in looked.facts])
    pairs += _sharing([one.digest for one in looked.facts])
    related = connected(len(looked.facts), pairs)
    alone = set(range(len(looked.facts))).difference(*related)
    return sorted([*related, *((one,) for one in alone)])


def family_names(looked: Looked) -> list[str]:
    """A name per sample that relatives share: a content's digest, so that files' names and order decide nothing."""
    names = [""] * len(looked.facts)
    for family in families(looked):
        name = min(looked.facts[place].digest for place in family)
        for place in family:
            names[place] = name
    return names


def _of_parts(groups: Iterable[tuple[Facts, ...]], most: int) -> Iterator[tuple[Facts, ...]]:
    """Groups that their own mean parts no further, of at most so many."""
    for group in groups:
        parted = near_groups(group) if len(group) > PAIR else [group]
        if parted != [group]:
            yield from _of_parts(parted, most)
        elif len(group) <= most:
            yield group


def _sharing(keys: Sequence[Hashable | None]) -> Iterator[Pair]:
    """Each place with the one before it that has the same key."""
    last: dict[Hashable, int] = {}
    for place, key in enumerate(keys):
        if key is not None:
            if key in last:
                yield last[key], place
            last[key] = place
