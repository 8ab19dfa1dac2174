"""Each trigger of the line, opened through the daemon's own wire; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_contracts.errors import LeptonError
from edge_contracts.station import ChipTrigger
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.trigger.announcement import WIRES, build_wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.clock import Clock
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "trigger"
_BY_NETWORK = {"modbus", "mqtt"}


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per point that is triggered from outside."""
    del chart
    for point in patient.config.points:
        settings: Any = point.trigger
        if settings.kind not in WIRES:
            continue
        if isinstance(settings, ChipTrigger):
            found = f"microcontroller {settings.microcontroller}: its line is looked at above"
            yield Finding(CHECK, point.name, Standing.SKIPPED, found)
        elif patient.daemon_pid is not None:
            found = f"{settings.kind}: in use by the daemon (process {patient.daemon_pid})"
            yield Finding(CHECK, point.name, Standing.SKIPPED, found)
        elif settings.kind in _BY_NETWORK and not patient.network:
            yield Finding(CHECK, point.name, Standing.SKIPPED, "--no-network")
        else:
            yield _opened(point.name, settings, patient.clock)


def _opened(name: str, settings: Any, clock: Clock) -> Finding:
    try:
        wire = build_wire(settings, f"lepton-doctor-{name}", clock)
        wire.open()
    except (LeptonError, OSError) as error:
        step = "check the wiring, the address and the rights; the daemon would call every part unknown"
        return Finding(CHECK, name, Standing.FAILED, f"{settings.kind}: {error}", "a trigger that can be heard", step)
    wire.close()
    return Finding(CHECK, name, Standing.OK, f"{settings.kind}: it can be heard")
