from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.store.contiguity import Range, advance, merge, subtract

SETS = st.sets(st.integers(1, 60))
RANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])))


def members(ranges: list[Range]) -> set[int]:
    return {seq for first, last in ranges for seq in range(first, last + 1)}


@given(SETS, RANGES, st.integers(0, 20))
def test_contiguity_ends_before_the_first_hole(stored: set[int], gaps: list[Range], through: int) -> None:
    known = stored | members(gaps) | set(range(1, through + 1))
    expected = next(seq for seq in range(1, 1000) if seq not in known) - 1
    above = sorted(seq for seq in stored if seq > through)
    waiting = sorted(piece for piece in gaps if piece[1] > through)
    assert advance(through, iter(above), waiting) == expected


def test_no_more_is_read_than_the_first_hole_needs() -> None:
    ahead = iter([1, 2, 4, 5, 6])
    assert advance(0, ahead, []) == 2
    assert list(ahead) == [5, 6]


@given(RANGES, RANGES)
def test_subtracting_leaves_exactly_the_rest(ranges: list[Range], taken: list[Range]) -> None:
    assert members(subtract(ranges, taken)) == members(ranges) - members(taken)


@given(RANGES)
def test_merging_changes_no_member(ranges: list[Range]) -> None:
    out = merge(ranges)
    assert members(out) == members(ranges)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(out))
