"""Who is related to whom: what must never be learned from on one side of a split and judged with on the other.

Samples are relatives that share a group or a file's content, or that are nearly the same; directly or over others. A
copy of one of a group's samples belongs to it, whatever group the copy has.

Where a set has two kinds of good parts, or was taken by day and by night, all of one kind are nearly the same once what
both share is taken off. So what is alike in threes and more is compared again, without what those samples share; and
where that parts them no further and they are more than a fifth of all, their likeness is taken for that of a kind of
parts and relates nobody. Nobody can tell it from one part taken again and again, so whoever leaves it out says so.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Likeness:
    """Groups of samples that are nearly the same.

    parts: each is one part.
    kinds: each is too many for one part, and is left out of who is related.
    """

    parts: tuple[tuple[Facts, ...], ...]
    kinds: tuple[tuple[Facts, ...], ...]

    @property
    def remark(self) -> str:
        """What to do about the kinds; empty where there are none."""
        if not self.kinds:
            return ""
        sizes = " and ".join(str(len(one)) for one in self.kinds)
        return (
            f"{sizes} samples look nearly the same, too many for one part: they are taken for a kind of parts, and may "
            "be learned and judged at once; where they show one part, give them one group in a manifest"
        )


def likeness(looked: Looked) -> Likeness:
    """Who is nearly the same, told apart by whether it makes them one part."""
    most = max(MOST_ALIKE, len(looked.facts) // MOST_SHARE)
    groups = list(_unparted(looked.near))
    parts, many = (tuple(one for one in groups if (len(one) <= most) is wanted) for wanted in (True, False))
    # Copies are relatives by their content, however many.
    return Likeness(parts, tuple(group for group in many if len({one.digest for one in group}) > 1))


def families(looked: Looked, more: Iterable[Pair] = (), alike: Likeness | None = None) -> list[tuple[int, ...]]:
    """Places of the samples that are relatives, each place in one family, by first member.

    Args:
        looked: the samples, looked at.
        more: pairs of places that are relatives for another reason.
        alike: their likeness, where it is known already.
    """
    place_of = {id(one): place for place, one in enumerate(looked.facts)}
    near = (alike or likeness(looked)).parts
    pairs = [*more]
    pairs += [(place_of[id(one)], place_of[id(other)]) for group in near for one, other in pairwise(group)]
    pairs += _sharing([one.sample.group or None for one in looked.facts])
    pairs += _sharing([one.digest for one in looked.facts])
    related = connected(len(looked.facts), pairs)
    alone = set(range(len(looked.facts))).difference(*related)
    return sorted([*related, *((one,) for one in alone)])


def family_names(looked: Looked, alike: Likeness | None = None) -> list[str]:
    """A name per sample that relatives share: a content's digest, so that files' names and order decide nothing."""
    names = [""] * len(looked.facts)
    for family in families(looked, alike=alike):
        name = min(looked.facts[place].digest for place in family)
        for place in family:
            names[place] = name
    return names


def _unparted(groups: Iterable[tuple[Facts, ...]]) -> Iterator[tuple[Facts, ...]]:
    """Groups that their own mean parts no further."""
    for group in groups:
        parted = near_groups(group) if len(group) > PAIR else [group]
        if parted != [group]:
            yield from _unparted(parted)
        else:
            yield group


def _sharing(keys: Sequence[Hashable | None]) -> Iterator[Pair]:
    """Each place with the one before it that has the same key."""
    last: dict[Hashable, int] = {}
    for place, key in enumerate(keys):
        if key is not None:
            if key in last:
                yield last[key], place
            last[key] = place
