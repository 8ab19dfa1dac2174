from __future__ import annotations

import numpy as np

from edge_contracts.station import PresenceTrigger
from edge_runtime.trigger.presence_gate import PresenceGate


def belt(part_at_px: int | None, *, height_px: int = 96, width_px: int = 256) -> np.ndarray:
    """A grey belt with, perhaps, one bright part of 40 pixels."""
    drawn = np.full((height_px, width_px, 3), 60, np.uint8)
    if part_at_px is not None:
        drawn[24:72, max(part_at_px, 0) : max(part_at_px + 40, 0)] = 200
    return drawn


def crossings(gate: PresenceGate, places_px: list[int | None], **size: int) -> int:
    return sum(gate.sees_new_part(belt(place, **size)) for place in places_px)


PASSING: list[int | None] = [None] * 40 + list(range(-40, 260, 10)) + [None] * 5


def test_a_part_that_passes_is_one_part() -> None:
    gate = PresenceGate(PresenceTrigger(kind="presence"))
    assert crossings(gate, PASSING) == 1
    assert crossings(gate, PASSING) == 1


def test_an_empty_belt_is_none() -> None:
    assert crossings(PresenceGate(PresenceTrigger(kind="presence")), [None] * 100) == 0


def test_a_belt_that_runs_the_other_way_says_so_in_the_configuration() -> None:
    gate = PresenceGate(PresenceTrigger(kind="presence", travel="left"))
    assert crossings(gate, PASSING[:40] + PASSING[:39:-1]) == 1


def test_a_camera_that_changes_its_picture_size_begins_anew() -> None:
    gate = PresenceGate(PresenceTrigger(kind="presence"))
    assert crossings(gate, PASSING) == 1
    assert crossings(gate, PASSING, height_px=120, width_px=320) == 1
