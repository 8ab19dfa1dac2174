"""Promises of the presence rule, on belts made of plain rectangles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_runtime.trigger.presence import BLIND_FRAMES, START_FRAMES, PresenceOptions, PresenceRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 120
BELT, PART = 60, 170
NOISE = np.random.default_rng(0).normal(0, 3, (HEIGHT, WIDTH, 3)).astype(np.float32)


def picture(rng: np.random.Generator, starts: Iterable[float], length: int, light: float = 1.0) -> NDArray[np.uint8]:
    scene = BELT + np.roll(NOISE, rng.integers(0, NOISE.size))
    for start in starts:
        scene[30:90, max(0, round(start)) : max(0, round(start + length))] = PART
    return np.clip(scene * light, 0, 255).astype(np.uint8)


def passage(
    parts: int, step: float, length: int, pitch: float, phase: float = 0.0, drift: float = 0.0
) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(1)
    first = -length - 5 * step - phase
    for frame in range(5 + round((WIDTH + length + (parts - 1) * pitch) / step) + 5):
        starts = [first - part * pitch + frame * step for part in range(parts)]
        yield picture(rng, starts, length, 1 + drift * frame)


def triggers(frames: Iterable[NDArray[np.uint8]], rule: PresenceRule | None = None) -> list[int]:
    rule = rule or PresenceRule()
    return [number for number, frame in enumerate(frames) if rule.update(frame).trigger]


def centred(parts: int, step: float, length: int, pitch: float, phase: float = 0.0) -> list[float]:
    first = -length - 5 * step - phase
    return [(WIDTH / 2 - length / 2 - first + part * pitch) / step for part in range(parts)]


def test_each_part_fires_in_the_frame_in_which_it_is_nearest_to_the_middle() -> None:
    fired = triggers(passage(5, step=40, length=120, pitch=400, phase=7))
    assert fired == [round(frame) for frame in centred(5, 40, 120, 400, 7)]


@given(
    step=st.integers(3, 60),
    longer=st.floats(1.1, 4),
    gap=st.floats(1, 3),
    phase=st.floats(0, 60),
)
@settings(max_examples=25, deadline=None)
def test_a_part_longer_than_the_step_fires_exactly_once(step: int, longer: float, gap: float, phase: float) -> None:
    length = max(round(step * longer), 24)
    fired = triggers(passage(3, step, length, length * (1 + gap), phase))
    assert len(fired) == 3
    for frame, wanted in zip(fired, centred(3, step, length, length * (1 + gap), phase), strict=True):
        assert abs(frame - wanted) <= max(1.0, 12 / step)


@pytest.mark.parametrize(("travel", "turn"), [("right", 0), ("up", 1), ("left", 2), ("down", 3)])
def test_the_belt_may_run_in_any_direction(travel: str, turn: int) -> None:
    rule = PresenceRule(PresenceOptions(travel=travel))  # type: ignore[arg-type]
    fired = triggers((np.rot90(frame, turn) for frame in passage(3, 40, 120, 400, 7)), rule)
    assert fired == [round(frame) for frame in centred(3, 40, 120, 400, 7)]


def test_two_parts_in_view_are_not_taken_for_one() -> None:
    fired = triggers(passage(6, step=20, length=70, pitch=160, phase=3))
    assert fired == [round(frame) for frame in centred(6, 20, 70, 160, 3)]


def test_parts_so_close_that_the_line_is_never_bare_fire_one_each() -> None:
    rule = PresenceRule()
    triggers([picture(np.random.default_rng(5), [], 0)] * START_FRAMES, rule)
    assert len(triggers(passage(8, step=40, length=100, pitch=125), rule)) == 8


def test_an_empty_belt_never_fires_while_the_light_drifts() -> None:
    rng = np.random.default_rng(2)
    frames = (picture(rng, [], 0, 1 + 0.3 * np.sin(number / 60)) for number in range(400))
    assert triggers(frames) == []


def test_parts_are_found_while_the_light_drifts() -> None:
    assert len(triggers(passage(12, step=40, length=120, pitch=400, drift=0.003))) == 12


def test_a_part_longer_than_the_view_fires_once() -> None:
    assert len(triggers(passage(2, step=40, length=500, pitch=900))) == 2


def test_a_line_that_stops_fires_once_and_forgets_nothing() -> None:
    rng, rule = np.random.default_rng(3), PresenceRule()
    assert triggers(passage(3, 40, 120, 400), rule) != []
    waiting = [picture(rng, [WIDTH / 2 - 70], 120)] * 600
    fired = triggers([picture(rng, [x], 120) for x in (-120, -30, 40)] + waiting, rule)
    assert len(fired) == 1
    assert rule.update(waiting[0]).present
    assert len(triggers(passage(3, 40, 120, 400), rule)) == 3


def test_a_start_with_a_part_in_view_heals() -> None:
    frames = list(passage(12, step=40, length=120, pitch=400, phase=7))[9:]
    rule = PresenceRule()
    begun, rest = frames[:START_FRAMES], frames[START_FRAMES:]
    triggers(begun, rule)
    expected = [f - 9 - START_FRAMES for f in centred(12, 40, 120, 400, 7) if f >= 9 + START_FRAMES]
    assert triggers(rest, rule) == [round(frame) for frame in expected]


def test_light_that_is_switched_blinds_for_a_moment_only() -> None:
    rule, rng = PresenceRule(), np.random.default_rng(4)
    for _ in range(50):
        rule.update(picture(rng, [], 0))
    for _ in range(BLIND_FRAMES):
        assert rule.update(picture(rng, [], 0, light=2.0)).covered > 0.9
    assert rule.update(picture(rng, [], 0, light=2.0)).covered < 0.05


def test_a_region_leaves_the_rest_of_the_picture_out() -> None:
    rule = PresenceRule(PresenceOptions(region=(0.0, 0.8, 1.0, 0.2)))
    assert triggers(passage(3, 40, 120, 400), rule) == []


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (PresenceOptions(region=(0.5, 0, 0.6, 1)), "region"),
        (PresenceOptions(travel="sideways"), "travel"),  # type: ignore[arg-type]
        (PresenceOptions(line=1.0), "line"),
        (PresenceOptions(difference=0), "difference"),
        (PresenceOptions(shortest=0), "shortest"),
    ],
)
def test_a_setting_out_of_range_is_named(options: PresenceOptions, name: str) -> None:
    with pytest.raises(BadInputError, match=f"presence.{name}: wanted"):
        PresenceRule(options)


@pytest.mark.parametrize("shape", [(120, 320), (120, 320, 4), (0, 320, 3)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="wanted a"):
        PresenceRule().update(np.zeros(shape, np.uint8))


def test_a_camera_that_changes_its_size_is_refused() -> None:
    rule = PresenceRule()
    rule.update(np.zeros((120, 320, 3), np.uint8))
    with pytest.raises(BadInputError, match="one size"):
        rule.update(np.zeros((120, 170, 3), np.uint8))
