"""Text on a serial port for each part: what a controller or a reject unit understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome
from edge_runtime.outputs.output import Shape
from edge_runtime.terminals.serial_port import OpenPort

if TYPE_CHECKING:
    from edge_contracts.station import SerialOutput
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.output import Order


class TextOutput:
    """One text per order.

    Args:
        settings: one of the `outputs` tables.
    """

    def __init__(self, settings: SerialOutput) -> None:
        self.shape = Shape.STROBE if settings.idle else Shape.MESSAGE
        self._port = OpenPort(settings)
        self._texts: dict[Outcome | None, str] = {
            Outcome.GOOD: settings.good,
            Outcome.DEFECT: settings.defect,
            Outcome.UNKNOWN: settings.unknown,
            None: settings.run if settings.role == "run" else settings.stop,
        }
        self._idle = settings.idle

    def open(self) -> None:
        """Open the port and say that nothing is active."""
        self._port.open()
        self.idle()

    def fire(self, order: Order) -> None:
        """Say the order's text."""
        self._port.write(self._texts[order.outcome].replace("{part}", order.part).encode())

    def idle(self) -> None:
        """Say the idle text, if there is one."""
        if self._idle:
            self._port.write(self._idle.encode())

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()


def build(settings: SerialOutput, clock: Clock) -> TextOutput:
    """The output of kind `serial`."""
    del clock
    return TextOutput(settings)
