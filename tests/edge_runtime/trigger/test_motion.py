"""A picture in which nothing moved is passed over and counted; everything else is a part."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.station import Motion, Region
from edge_contracts.verdict import Cause
from edge_runtime.capture.source import BadReading
from edge_runtime.frames import Frame
from edge_runtime.occasion import Ailment, Occasion
from edge_runtime.trigger.motion import MotionGate, MovingOnly, reduced_cells
from tests.fakes.parts import window

HEIGHT, WIDTH = 480, 640
NOISE = 3.0


def still(seed: int, *, level: float = 100.0) -> np.ndarray:
    """A camera's picture of a scene with a gradient: only its noise changes."""
    rng = np.random.default_rng(seed)
    scene = level + np.linspace(0, 60, WIDTH)[None, :, None] + rng.normal(0, NOISE, (HEIGHT, WIDTH, 3))
    return np.clip(scene, 0, 255).astype(np.uint8)


def with_part(seed: int, *, x: int, size: int = 24) -> np.ndarray:
    pixels = still(seed)
    pixels[200 : 200 + size, x : x + size] = 20
    return pixels


def test_noise_is_no_motion_and_a_part_that_moves_is() -> None:
    gate = MotionGate(Motion(), Region())
    assert gate.lets_pass(still(0))
    assert not any(gate.lets_pass(still(seed)) for seed in range(1, 30))
    assert gate.skipped == 29
    assert gate.lets_pass(with_part(31, x=300))
    assert gate.lets_pass(with_part(32, x=320))
    assert not gate.lets_pass(with_part(33, x=320))
    assert gate.lets_pass(still(34))


def test_slow_change_adds_up_until_it_is_motion() -> None:
    gate = MotionGate(Motion(levels=8), Region())
    passed = [gate.lets_pass(still(step, level=100 + step)) for step in range(20)]
    assert passed[0]
    assert 1 < sum(passed) < 6


def test_only_the_region_is_looked_at() -> None:
    gate = MotionGate(Motion(), Region(width=0.4))
    assert gate.lets_pass(still(0))
    assert not gate.lets_pass(with_part(1, x=500))
    assert gate.lets_pass(with_part(2, x=100))


def test_a_share_of_the_picture_may_differ() -> None:
    gate = MotionGate(Motion(share=0.5), Region())
    assert gate.lets_pass(still(0))
    assert not gate.lets_pass(with_part(1, x=100, size=200))
    assert gate.lets_pass(still(2, level=160))


def test_a_picture_of_another_size_passes() -> None:
    gate = MotionGate(Motion(), Region())
    assert gate.lets_pass(still(0))
    assert gate.lets_pass(still(0)[:240])


class Script:
    """A trigger that calls what it is told to."""

    def __init__(self, *occasions: Occasion | None) -> None:
        self._occasions = list(occasions)

    def next(self) -> Occasion | None:
        return self._occasions.pop(0)


def occasion(reading, ailment: Ailment | None = None) -> Occasion:
    return Occasion("1", reading, 1, ailment)


FROZEN = Ailment(Cause.FROZEN, "identical")
ALWAYS = {
    "a picture that cannot be judged": occasion(Frame(still(0), 1, 1), FROZEN),
    "no picture": occasion(None, Ailment(Cause.NO_FRAME, "silent")),
    "a bad picture": occasion(BadReading("a", 1, 1, "torn"), Ailment(Cause.BAD_FRAME, "torn")),
    "a window": occasion(window()),
}


@pytest.mark.parametrize("what", ALWAYS)
def test_what_is_no_sound_picture_is_never_passed_over(what: str) -> None:
    gate = MotionGate(Motion(), Region())
    trigger = MovingOnly(Script(occasion(Frame(still(0), 1, 1)), ALWAYS[what], ALWAYS[what]), gate)
    assert trigger.next() is not None
    assert trigger.next() is ALWAYS[what]
    assert trigger.next() is ALWAYS[what]
    assert gate.skipped == 0


def test_a_still_picture_is_no_occasion() -> None:
    gate = MotionGate(Motion(), Region())
    script = Script(*(occasion(Frame(still(seed), 1, 1)) for seed in range(2)), None)
    trigger = MovingOnly(script, gate)
    assert [trigger.next() is None for _ in range(3)] == [False, True, True]
    assert gate.skipped == 1


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (30, 40), (3000, 7)])
def test_a_picture_of_any_shape_is_reduced(shape: tuple[int, int]) -> None:
    cells = reduced_cells(np.zeros((*shape, 3), np.uint8))
    assert 1 <= max(cells.shape[:2]) <= 40
    assert cells.shape[2] == 3
