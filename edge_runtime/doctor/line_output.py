"""Each output at the line, opened through the daemon's own class; fired once only when a person asks for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from edge_contracts.station import ChipOutput
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.outputs.output import Order, build_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Output as OutputSettings
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "output"
_BY_NETWORK = {"modbus", "mqtt"}
_MS_PER_S = 1000


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per output."""
    del chart
    for settings in patient.config.outputs:
        if isinstance(settings, ChipOutput):
            found = f"microcontroller {settings.microcontroller}: its line is looked at above"
            yield Finding(CHECK, settings.name, Standing.SKIPPED, found)
        elif patient.daemon_pid is not None:
            found = f"{settings.kind}: in use by the daemon (process {patient.daemon_pid})"
            yield Finding(CHECK, settings.name, Standing.SKIPPED, found)
        elif settings.kind in _BY_NETWORK and not patient.network:
            yield Finding(CHECK, settings.name, Standing.SKIPPED, "--no-network")
        else:
            yield _tried(settings, patient)


def _tried(settings: OutputSettings, patient: Patient) -> Finding:
    try:
        output = build_output(settings, patient.clock)
        output.open()
        try:
            if patient.fire_outputs:
                output.fire(_order(settings))
                patient.clock.wait(threading.Event(), settings.pulse_ms / _MS_PER_S)
                output.idle()
        finally:
            output.close()
    except (LeptonError, OSError) as error:
        step = "check the wiring, the address and the rights; a reject that cannot be told stops the line or passes"
        return Finding(CHECK, settings.name, Standing.FAILED, f"{settings.kind}: {error}", "an output that acts", step)
    done = f"fired for {settings.pulse_ms:g} ms; did it move?" if patient.fire_outputs else "opened, not fired"
    return Finding(CHECK, settings.name, Standing.OK, f"{settings.kind}: {done}")


def _order(settings: OutputSettings) -> Order:
    """As for a part that could not be judged; a stop and a run signal are for no part."""
    outcome = Outcome.UNKNOWN if settings.role == "verdict" else None
    return Order(outcome, "doctor", "doctor", Cause.INTERNAL.value, "fired by lepton doctor", 1)
