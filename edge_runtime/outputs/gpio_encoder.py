"""An encoder on a pin: each edge is one count; those that the kernel had no room for are counted by its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.outputs.belt import Moved
from edge_runtime.terminals.gpio_pin import EdgePin

if TYPE_CHECKING:
    from edge_contracts.station import GpioEncoder
    from edge_runtime.clock import Clock


class PinEncoder:
    """Counts edges.

    Args:
        settings: the `encoder` table.
        clock: stamps where counting begins; the kernel stamps the edges.
    """

    def __init__(self, settings: GpioEncoder, clock: Clock) -> None:
        self._pin = EdgePin(settings, edge=settings.edge, bias=settings.bias)
        self._clock = clock
        self._number = 0
        self._begun: list[Moved] = []

    def open(self) -> None:
        """Ask the kernel for the pin, and count from here."""
        self._pin.open()
        self._number, self._begun = 0, [Moved(self._clock.now_ns(), 0)]

    def wait(self, timeout_s: float) -> list[Moved]:
        """One movement per edge, after the one that says where counting begins."""
        moved, self._begun = self._begun, []
        if moved:
            return moved
        for edge in self._pin.edges(timeout_s):
            moved.append(Moved(edge.at_ns, edge.number - self._number))
            self._number = edge.number
        return moved

    def close(self) -> None:
        """Give the pin back."""
        self._pin.close()


def build(settings: GpioEncoder, clock: Clock) -> PinEncoder:
    """The encoder of kind `gpio`."""
    return PinEncoder(settings, clock)
