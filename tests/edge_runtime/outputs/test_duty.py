"""A microcontroller waits for the gate itself: the daemon's part of the way ends where it is told."""

from __future__ import annotations

from typing import Any

import pytest

from edge_contracts.station import ChipOutput
from edge_runtime.outputs.duty import duty_of

MS = 1_000_000
CHIP = {"kind": "microcontroller", "microcontroller": "cell"}
TIME = {"gate": {"kind": "time", "delay_ms": 300, "tolerance_ms": 7}, "lead_ms": 100}
COUNTS = {"gate": {"kind": "encoder", "encoder": CHIP, "counts": 1200, "tolerance_counts": 60}, "lead_counts": 400}


@pytest.mark.parametrize(
    ("keys", "travel", "tolerance"),
    [
        (TIME, 200 * MS, 100 * MS),
        (COUNTS, 800, 400),
        ({"lamp": 2, "gate": TIME["gate"]}, 300 * MS, 7 * MS),
    ],
)
def test_a_part_is_told_its_lead_before_the_gate_and_until_it_is_there(
    keys: dict[str, Any], travel: int, tolerance: int
) -> None:
    duty = duty_of(ChipOutput.model_validate({**CHIP, "name": "reject", **keys}))
    assert (duty.travel, duty.tolerance, duty.has_gate) == (travel, tolerance, True)
