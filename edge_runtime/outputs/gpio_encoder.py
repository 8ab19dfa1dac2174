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
    """

    def __init__(self, settings: GpioEncoder) -> None:
        self._pin = EdgePin(settings, edge=settings.edge, bias=settings.bias)
        self._number = 0

    def open(self) -> None:
        """Ask the kernel for the pin."""
        self._pin.open()
        self._number = 0

    def wait(self, timeout_s: float) -> list[Moved]:
        """One movement per edge."""
        moved = []
        for edge in self._pin.edges(timeout_s):
            moved.append(Moved(edge.at_ns, edge.number - self._number))
            self._number = edge.number
        return moved

    def close(self) -> None:
        """Give the pin back."""
        self._pin.close()


def build(settings: GpioEncoder, clock: Clock) -> PinEncoder:
    """The encoder of kind `gpio`."""
    del clock
    return PinEncoder(settings)
