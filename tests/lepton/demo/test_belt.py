from __future__ import annotations

import numpy as np
import pytest

from lepton.demo.belt import LOOP_PX, RAIL_PX, TONES, Belt

BELT = Belt.woven("petrol", 320, 120, np.random.default_rng(1))


def test_the_belt_carries_its_texture_to_the_right() -> None:
    before, after = BELT.seen(1000), BELT.seen(1040)
    middle = slice(RAIL_PX + 20, -RAIL_PX)
    assert np.array_equal(before[middle, :-40], after[middle, 40:])
    assert not np.array_equal(before[middle], after[middle])


def test_the_belt_comes_round_again() -> None:
    assert np.array_equal(BELT.seen(77), BELT.seen(77 + LOOP_PX))
    assert np.array_equal(BELT.seen(-5), BELT.seen(LOOP_PX - 5))


def test_the_rails_stand_still() -> None:
    assert np.array_equal(BELT.seen(0)[:RAIL_PX], BELT.seen(999)[:RAIL_PX])


def test_the_loop_closes_without_a_step() -> None:
    seam = np.abs(np.diff(BELT.strip[RAIL_PX:-RAIL_PX, LOOP_PX - 2 : LOOP_PX + 2].astype(int), axis=1)).mean(
        axis=(0, 2)
    )
    assert seam[1] < 2 * max(seam[0], seam[2])


@pytest.mark.parametrize("tone", TONES)
def test_every_belt_has_the_tone_of_its_name(tone: str) -> None:
    seen = Belt.woven(tone, 320, 120, np.random.default_rng(2)).seen(0)[RAIL_PX + 20 : -RAIL_PX]
    assert seen.mean(axis=(0, 1)) == pytest.approx(TONES[tone], rel=0.06)
