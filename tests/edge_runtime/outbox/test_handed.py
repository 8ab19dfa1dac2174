from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.outbox.handed import Handed

pieces = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=20)


@given(st.integers(0, 30), pieces)
def test_it_holds_what_was_noted_and_nothing_else(through: int, noted: list[tuple[int, int]]) -> None:
    handed, expected = Handed(through), set(range(through + 1))
    for first, length in noted:
        handed.note(first, first + length)
        expected |= set(range(first, first + length + 1))
    for seq in range(100):
        last = handed.holds(seq)
        assert (last is not None) == (seq in expected)
        assert last is None or (set(range(seq, last + 1)) <= expected and last + 1 not in expected)


def test_two_places_of_sending_stay_two_ranges_until_they_meet() -> None:
    handed = Handed(0)
    handed.note(101, 150)
    handed.note(1, 40)
    assert (handed.holds(0), handed.holds(41), handed.holds(101)) == (40, None, 150)
    handed.note(41, 100)
    assert handed.holds(1) == 150
