"""Each microcontroller, asked who it is through the daemon's own line; it goes on rejecting everything meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from edge_runtime.capture.backoff import Backoff
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.terminals.microcontroller import Microcontroller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Microcontroller as Settings
    from edge_runtime.clock import Clock
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "microcontroller"
_ANSWER_S = 3.0
_SESSION = 1


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per table."""
    del chart
    for settings in patient.config.microcontrollers:
        if patient.daemon_pid is not None:
            found = f"in use by the daemon (process {patient.daemon_pid})"
            yield Finding(CHECK, settings.name, Standing.SKIPPED, found)
        else:
            yield _asked(settings, patient.clock)


def _asked(settings: Settings, clock: Clock) -> Finding:
    try:
        chip = Microcontroller(settings, clock, Backoff(lambda: 0.0), lambda: "the doctor asks", lambda: _SESSION)
        chip.start()
        try:
            chip.wait_open(_ANSWER_S)
            hello = chip.hello
        finally:
            chip.stop(_ANSWER_S)
    except (LeptonError, OSError) as error:
        step = "check cable, speed, firmware and the group dialout; without it everything is rejected"
        return Finding(CHECK, settings.name, Standing.FAILED, str(error), "a microcontroller that answers", step)
    who = f"{hello.board} with firmware {hello.firmware}, {hello.ticks_per_second} ticks a second, {hello.parts} parts"
    return Finding(CHECK, settings.name, Standing.OK, who)
