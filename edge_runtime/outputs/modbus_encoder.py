"""An encoder that a Modbus device counts in one or two registers, which may run over."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_runtime.outputs.belt import Moved
from edge_runtime.terminals.modbus_device import OpenDevice
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station import ModbusEncoder
    from edge_runtime.clock import Clock

_MS_PER_S = 1000
_WORD = 1 << 16


class RegisterEncoder:
    """Polls the register.

    Args:
        settings: the `encoder` table.
        clock: stamps each poll.
    """

    def __init__(self, settings: ModbusEncoder, clock: Clock) -> None:
        self._device = OpenDevice(settings.device)
        self._settings = settings
        self._clock = clock
        self._never = threading.Event()
        self._count = 0
        self._begun: list[Moved] = []

    def open(self) -> None:
        """Connect, and count from here."""
        self._device.open()
        self._count = self._read()
        self._begun = [Moved(self._clock.now_ns(), 0)]

    def wait(self, timeout_s: float) -> list[Moved]:
        """One reading per poll, also of a belt that stands still, after the one that says where counting begins.

        Raises:
            WireLost: the device is gone, or the count went back: then nobody knows how far the belt has come.
        """
        begun, self._begun = self._begun, []
        if begun:
            return begun
        self._clock.wait(self._never, min(self._settings.poll_ms / _MS_PER_S, timeout_s))
        at_ns, count = self._clock.now_ns(), self._read()
        size = _WORD**self._settings.words
        moved = (count - self._count) % size
        if moved > size // 2:
            raise WireLost(
                f"wanted a count that grows from {self._count}, found {count}; check the encoder's direction"
            )
        self._count = count
        return [Moved(at_ns, moved)]

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()

    def _read(self) -> int:
        count = 0
        for word in self._device.words(self._settings.table, self._settings.address, self._settings.words):
            count = count * _WORD + word
        return count


def build(settings: ModbusEncoder, clock: Clock) -> RegisterEncoder:
    """The encoder of kind `modbus`."""
    return RegisterEncoder(settings, clock)
