"""Which samples belong together: union of pairs into groups (disjoint-set forest; Tarjan, 1975)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def connected(count: int, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The groups of two or more among `count` samples that pairs connect, directly or over others, by first member."""
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for one in range(count):
        groups[root(one)].append(one)
    return [tuple(group) for group in groups.values() if len(group) > 1]
