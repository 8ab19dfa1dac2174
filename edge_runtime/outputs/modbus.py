"""A coil that is pulsed, registers with the verdict, or both, in a Modbus device."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome
from edge_runtime.outputs.output import Shape
from edge_runtime.terminals.modbus_device import OpenDevice
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station import ModbusOutput
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.output import Order

CODES = {Outcome.GOOD: 1, Outcome.DEFECT: 2, Outcome.UNKNOWN: 3, None: 0}
"""The first register; 0 is what a device holds before the first verdict."""
_WORD = 1 << 16
_DIGITS = re.compile(r"\d+")


class DeviceOutput:
    """Registers first, so that they are there when the coil rises.

    Args:
        settings: one of the `outputs` tables.
    """

    def __init__(self, settings: ModbusOutput) -> None:
        self._device = OpenDevice(settings.device)
        self._coil, self._registers = settings.coil, settings.registers
        if self._registers is None:
            self.shape = Shape.LEVEL
        else:
            self.shape = Shape.MESSAGE if self._coil is None else Shape.STROBE

    def open(self) -> None:
        """Connect; the coil is cleared, whatever an earlier life left in it."""
        self._device.open()
        self.idle()

    def fire(self, order: Order) -> None:
        """Write the verdict, then set the coil."""
        if self._registers is not None and order.outcome is not None:
            self._device.set_words(self._registers, words_of(order))
        if self._coil is not None:
            self._device.set_coil(self._coil, on=True)

    def idle(self) -> None:
        """Clear the coil."""
        if self._coil is not None:
            self._device.set_coil(self._coil, on=False)

    def close(self) -> None:
        """Clear the coil if the device still answers, and let go."""
        try:
            self.idle()
        except WireLost:
            return
        finally:
            self._device.close()


def words_of(order: Order) -> tuple[int, int, int, int]:
    """Verdict code, part number (high word, low word), count of orders: four 16-bit registers.

    The part number is the last run of digits of the part's id, modulo 2³²; 0 where there is none.
    """
    digits = _DIGITS.findall(order.part)
    part = int(digits[-1]) % (_WORD * _WORD) if digits else 0
    return CODES[order.outcome], part // _WORD, part % _WORD, order.number % _WORD


def build(settings: ModbusOutput, clock: Clock) -> DeviceOutput:
    """The output of kind `modbus`."""
    del clock
    return DeviceOutput(settings)
