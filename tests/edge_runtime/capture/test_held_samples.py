from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.capture.held_samples import HeldSamples


@given(pieces=st.lists(st.binary(min_size=1, max_size=20)), sizes=st.lists(st.integers(1, 30), min_size=1))
def test_bytes_come_out_in_the_order_they_came(pieces: list[bytes], sizes: list[int]) -> None:
    held = HeldSamples(1000)
    for piece in pieces:
        held.put(piece, lost=False)
    taken = b""
    for size in sizes:
        content, lost = held.take(size)
        assert not lost
        assert len(content) <= size
        taken += content
    whole = b"".join(pieces)
    assert taken == whole[: len(taken)]
    assert held.size == len(whole) - len(taken)


def test_what_does_not_fit_is_thrown_away_and_its_place_is_kept() -> None:
    held = HeldSamples(4)
    held.put(b"abc", lost=False)
    held.put(b"de", lost=False)
    assert held.take(1) == (b"a", False)
    held.put(b"fg", lost=False)
    assert held.take(10) == (b"bc", False)
    assert held.take(1) == (b"f", True)
    assert held.take(1) == (b"g", False)
    assert held.take(1) == (b"", False)


def test_nothing_is_taken_across_a_loss_that_the_driver_tells() -> None:
    held = HeldSamples(10)
    held.put(b"ab", lost=False)
    held.put(b"cd", lost=True)
    held.put(b"ef", lost=False)
    assert held.take(10) == (b"ab", False)
    assert held.take(10) == (b"cdef", True)
