"""An edge on a pin announces a part; the kernel stamps it, and its count shows edges that nobody read in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.terminals.gpio_pin import EdgePin
from edge_runtime.trigger.announcement import Announcement

if TYPE_CHECKING:
    from edge_contracts.station import GpioTrigger
    from edge_runtime.clock import Clock


class GpioWire:
    """A light barrier or switch on a pin.

    Args:
        settings: the `trigger` table.
    """

    def __init__(self, settings: GpioTrigger) -> None:
        self._pin = EdgePin(settings, edge=settings.edge, bias=settings.bias, debounce_ms=settings.debounce_ms)
        self._number = 0

    def open(self) -> None:
        """Ask the kernel for the pin."""
        self._pin.open()
        self._number = 0

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement per edge."""
        announced = []
        for edge in self._pin.edges(timeout_s):
            announced.append(Announcement(edge.at_ns, unheard=max(edge.number - self._number - 1, 0)))
            self._number = edge.number
        return announced

    def close(self) -> None:
        """Give the pin back."""
        self._pin.close()


def build(settings: GpioTrigger, name: str, clock: Clock) -> GpioWire:
    """The wire of a `gpio` trigger."""
    del name, clock
    return GpioWire(settings)
