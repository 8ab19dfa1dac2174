from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.detectors.drawn_faults import FAULTS, drawn_faults

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_fault_changes_a_small_place_and_nothing_else(draw_part: Callable[..., np.ndarray]) -> None:
    random = np.random.default_rng(0)
    for seed in range(20):
        part = draw_part(seed, height=224, width=224)
        faults = drawn_faults(part, random)
        assert len(faults) == FAULTS
        for fault in faults:
            assert (fault.shape, fault.dtype) == (part.shape, part.dtype)
            rows, columns = np.nonzero((fault != part).any(axis=2))
            assert rows.size < 0.05 * 224 * 224
            assert max(np.ptp(rows), np.ptp(columns)) < 112


def test_the_same_generator_draws_the_same_faults(draw_part: Callable[..., np.ndarray]) -> None:
    part = draw_part(0, height=224, width=672)
    one, again = (drawn_faults(part, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, drawn_faults(part, np.random.default_rng(4)))


def test_at_half_the_size_a_fault_is_half_as_large(draw_part: Callable[..., np.ndarray]) -> None:
    def changed(side: int) -> float:
        parts = [draw_part(seed, height=side, width=side) for seed in range(20)]
        faults = [drawn_faults(part, np.random.default_rng(seed)) for seed, part in enumerate(parts)]
        pairs = zip(parts, faults, strict=True)
        return float(np.mean([(fault != part).any(axis=2).mean() for part, four in pairs for fault in four]))

    assert changed(112) == pytest.approx(changed(224), rel=0.3)
