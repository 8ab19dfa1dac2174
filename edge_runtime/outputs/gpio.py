"""A pin as output: a reject valve, a lamp, a relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.outputs.output import Shape
from edge_runtime.terminals.gpio_pin import OutputPin

if TYPE_CHECKING:
    from edge_contracts.station import GpioOutput
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.output import Order


class PinOutput:
    """Active for an order, inactive otherwise.

    Args:
        settings: one of the `outputs` tables.
    """

    shape = Shape.LEVEL

    def __init__(self, settings: GpioOutput) -> None:
        self._pin = OutputPin(settings, active=settings.active, open_drain=settings.drive == "open-drain")

    def open(self) -> None:
        """Ask the kernel for the pin; inactive."""
        self._pin.open()

    def fire(self, order: Order) -> None:
        """Active."""
        del order
        self._pin.set(active=True)

    def idle(self) -> None:
        """Inactive."""
        self._pin.set(active=False)

    def close(self) -> None:
        """Inactive, and given back."""
        self._pin.close()


def build(settings: GpioOutput, clock: Clock) -> PinOutput:
    """The output of kind `gpio`."""
    del clock
    return PinOutput(settings)
