from __future__ import annotations

import numpy as np
import pytest

from training.explain.neighbours import nearest


def test_the_nearest_come_first() -> None:
    known = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    found = nearest(known[7] + 0.01, known, 3)
    assert found[0].place == 7
    assert [one.distance for one in found] == sorted(one.distance for one in found)


def test_a_number_in_other_units_does_not_decide() -> None:
    random = np.random.default_rng(1)
    known = random.normal(size=(40, 4)).astype(np.float32)
    part = random.normal(size=4).astype(np.float32)
    units = np.array([1, 1000, 0.01, 1], np.float32)
    assert [one.place for one in nearest(part * units, known * units, 5)] == [
        one.place for one in nearest(part, known, 5)
    ]


def test_two_known_parts_are_about_one_apart() -> None:
    known = np.random.default_rng(2).normal(size=(200, 64)).astype(np.float32)
    apart = [one.distance for one in nearest(known[0], known[1:], 199)]
    assert np.mean(apart) == pytest.approx(1, abs=0.1)


def test_a_number_that_never_varies_is_left_away() -> None:
    known = np.array([[0, 1], [0, 2]], np.float32)
    assert nearest(np.array([5, 1], np.float32), known, 1)[0].distance == 0.0
