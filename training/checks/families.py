"""Who is related to whom: what must never be learned from on one side of a split and judged with on the other.

Samples are relatives that share a group or a file's content, or that are nearly the same; directly or over others. A
group of the user's own says more than likeness does, and not less: a copy of one of its samples belongs to it, whatever
group the copy has.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from training.checks.relatives import connected

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from training.checks.looked import Looked

Pair = tuple[int, int]


def families(looked: Looked, more: Iterable[Pair] = ()) -> list[tuple[int, ...]]:
    """Places of the samples that are relatives, each place in one family, by first member.

    Args:
        looked: the samples, looked at.
        more: pairs of places that are relatives for another reason.
    """
    place_of = {id(one): place for place, one in enumerate(looked.facts)}
    pairs = [*more]
    pairs += [(place_of[id(one)], place_of[id(other)]) for group in looked.near for one, other in pairwise(group)]
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


def _sharing(keys: Sequence[Hashable | None]) -> Iterator[Pair]:
    """Each place with the one before it that has the same key."""
    last: dict[Hashable, int] = {}
    for place, key in enumerate(keys):
        if key is not None:
            if key in last:
                yield last[key], place
            last[key] = place
