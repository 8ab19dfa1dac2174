"""`[[outputs]]`: everything that the station drives at the line, as one unit; it stops after the points."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_runtime.outputs.panel import STOP_S, Panel
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.microcontrollers import chip_names
from edge_runtime.units.secret_files import secret_files

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

OUTPUTS = "the outputs"


def outputs(config: StationConfig, around: Surroundings) -> Unit:
    """The outputs; the first to be told of each verdict."""
    settings = config.outputs

    def prepare() -> Prepared:
        tell = partial(around.conditions.set, AlarmType.OUTPUT, severity=Severity.CRITICAL)
        panel = Panel(settings, around.clock, tell=tell, chips=around.running.chips)

        def start() -> Part:
            running = around.running
            panel.start()
            running.panel = panel
            running.first = (panel,)

            def stop(timeout_s: float) -> bool:
                running.first = ()
                running.panel = None
                return panel.stop(timeout_s)

            return Part(stop, trouble=lambda _: panel.dead_thread())

        return Prepared(start)

    made_from, stop_s = (settings, secret_files(*settings)), STOP_S if settings else 0.0
    return Unit(OUTPUTS, "outputs", made_from, prepare, stop_s, needs=chip_names(config))
