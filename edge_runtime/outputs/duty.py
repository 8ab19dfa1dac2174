"""What an output is for: whose parts, which outcomes, how long, and where the gate is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.station import ChipOutput, EncoderGate, TimeGate
from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from edge_contracts.station import Output as OutputSettings

_FOR_EVER = 1 << 62
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Duty:
    """What an output is for.

    points: whose parts; empty for all.
    fires_for: outcomes.
    pulse_ns: how long it is active for one part.
    travel, tolerance: from camera to gate, and how much later a part can still be hit; positions of the belt.
    has_gate: parts are expected at a gate; without one the output fires as soon as the verdict is there.
    required: a part that must not pass and could not be told stops the line.
    """

    points: frozenset[str]
    fires_for: frozenset[Outcome]
    pulse_ns: int
    travel: int
    tolerance: int
    has_gate: bool
    required: bool


def duty_of(settings: OutputSettings) -> Duty:
    """What an output is for, in nanoseconds or counts."""
    gate = settings.gate
    if isinstance(settings, ChipOutput) and settings.lamp is None:
        travel, tolerance = _until_it_is_told(settings)
    elif isinstance(gate, TimeGate):
        travel, tolerance = int(gate.delay_ms * _NS_PER_MS), int(gate.tolerance_ms * _NS_PER_MS)
    elif isinstance(gate, EncoderGate):
        travel, tolerance = gate.counts, gate.tolerance_counts
    else:
        travel, tolerance = 0, int(gate.tolerance_ms * _NS_PER_MS)
    return Duty(
        points=frozenset(settings.points),
        fires_for=frozenset(Outcome(name) for name in settings.fires_for),
        pulse_ns=int(settings.pulse_ms * _NS_PER_MS),
        travel=travel,
        tolerance=tolerance if settings.role == "verdict" else _FOR_EVER,
        has_gate=gate.kind != "at-once",
        required=settings.required and settings.role == "verdict",
    )


def _until_it_is_told(settings: ChipOutput) -> tuple[int, int]:
    """A microcontroller waits for the gate itself: it is told before, and may be told until the part is there."""
    gate = settings.gate
    if isinstance(gate, EncoderGate):
        lead = settings.lead_counts or 0
        return gate.counts - lead, lead
    assert isinstance(gate, TimeGate)  # noqa: S101 - the settings refuse any other
    return int((gate.delay_ms - settings.lead_ms) * _NS_PER_MS), int(settings.lead_ms * _NS_PER_MS)
