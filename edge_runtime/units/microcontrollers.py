"""`[[microcontrollers]]`: of each the line to it, a unit that outputs and points stand on."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from edge_contracts.station import ChipOutput, ChipTrigger, EncoderGate, TimeGate
from edge_runtime.capture.backoff import Backoff
from edge_runtime.supervisor import Part, Prepared, Unit

if TYPE_CHECKING:
    from edge_contracts.station import Microcontroller as Settings
    from edge_contracts.station import Point, StationConfig
    from edge_runtime.terminals.chip_session import Clearance
    from edge_runtime.units.surroundings import Surroundings

_STOP_S = 2.0
_REOPEN_MOST_S = 1.0
_MS_PER_S = 1000
_SESSIONS = (1 << 32) - 1


def microcontroller(settings: Settings, config: StationConfig, around: Surroundings) -> Unit:
    """The line to one microcontroller; it says that the line may run while the outputs' guard says so."""
    from edge_runtime.terminals.microcontroller import Microcontroller  # noqa: PLC0415 - few stations have one

    clearance = _clearance(settings.name, config)

    def why_not() -> str | None:
        panel = around.running.panel
        return "nobody judges parts yet" if panel is None else panel.guard.why_not(settings.hold_s)

    def prepare() -> Prepared:
        backoff = Backoff(random.random, first_s=0.1, most_s=_REOPEN_MOST_S)
        chip = Microcontroller(settings, around.clock, backoff, why_not, _draw, clearance)
        undo = around.running.chips.put(chip)

        def start() -> Part:
            around.running.chips.put(chip)
            chip.start()

            def stop(timeout_s: float) -> bool:
                around.running.chips.forget(settings.name)
                return chip.stop(timeout_s)

            dead = f"the thread of microcontroller {settings.name} is dead"
            return Part(stop, chip.ask_to_stop, lambda _: None if chip.running else dead)

        return Prepared(start, undo)

    return Unit(_unit(settings.name), "microcontroller", (settings, clearance), prepare, _STOP_S)


def chip_names(config: StationConfig) -> tuple[str, ...]:
    """The units that the outputs stand on."""
    return tuple(_unit(chip.name) for chip in config.microcontrollers)


def chip_needs(point: Point) -> tuple[str, ...]:
    """The unit that a point stands on, if a microcontroller triggers it."""
    return (_unit(point.trigger.microcontroller),) if isinstance(point.trigger, ChipTrigger) else ()


def _clearance(name: str, config: StationConfig) -> Clearance:
    """From the camera to the farthest gate and the end of its pulse."""
    from edge_runtime.terminals.chip_session import Clearance  # noqa: PLC0415 - few stations have one

    seconds, counts = 0.0, 0
    for output in config.outputs:
        if not isinstance(output, ChipOutput) or output.microcontroller != name or output.lamp is not None:
            continue
        if isinstance(output.gate, TimeGate):
            seconds = max(seconds, (output.gate.delay_ms + output.pulse_ms) / _MS_PER_S)
        elif isinstance(output.gate, EncoderGate):
            counts = max(counts, output.gate.counts + output.gate.tolerance_counts)
    return Clearance(seconds, counts)


def _draw() -> int:
    return random.randint(1, _SESSIONS)  # noqa: S311 - tells sessions apart, hides nothing


def _unit(name: str) -> str:
    return f"microcontroller {name}"
