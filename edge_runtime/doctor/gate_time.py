"""Whether a part's verdict is there before the microcontroller must be told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.serial_link import RETRY_MS
from edge_contracts.station import ChipOutput, TimeGate
from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_contracts.station import Point
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "gate time"


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per reject gate whose way is timed; where it is counted, the belt's speed is not known."""
    del chart
    for output in patient.config.outputs:
        if isinstance(output, ChipOutput) and isinstance(output.gate, TimeGate):
            points = [one for one in patient.config.points if not output.points or one.name in output.points]
            yield judge_gate(output, output.gate.delay_ms, points)


def judge_gate(output: ChipOutput, delay_ms: float, points: Sequence[Point]) -> Finding:
    """The slowest verdict and the lead within the way to the gate, and a second try within the lead."""
    slowest = max(points, key=lambda one: one.deadline_ms)
    needed_ms = slowest.deadline_ms + output.lead_ms
    found = (
        f"deadline_ms {slowest.deadline_ms:g} of {slowest.name} and lead_ms {output.lead_ms:g} are {needed_ms:g} of "
        f"delay_ms {delay_ms:g}"
    )
    if needed_ms > delay_ms:
        step = "a shorter deadline_ms or lead_ms, or a gate farther away; a good part whose verdict is late is rejected"
        return Finding(CHECK, output.name, Standing.WARNING, found, "deadline_ms + lead_ms within delay_ms", step)
    if output.lead_ms < RETRY_MS:
        step = "a longer lead_ms; a reject whose frame is damaged comes too late, and the line is told to stop"
        return Finding(CHECK, output.name, Standing.WARNING, found, f"lead_ms of {RETRY_MS} or more", step)
    return Finding(CHECK, output.name, Standing.OK, found)
