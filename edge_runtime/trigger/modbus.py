"""A bit that rises, or a register that counts, in a Modbus device announces a part.

A device is polled, so a part is stamped up to one poll late, and a bit that rises and falls between two polls is not
seen at all: hold it until the acknowledging coil is set, or count parts in a register.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from edge_runtime.terminals.modbus_device import OpenDevice
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import Announcement

if TYPE_CHECKING:
    from edge_contracts.station import ModbusTrigger
    from edge_runtime.clock import Clock

_MS_PER_S = 1000
_WORD = 1 << 16
_LEAP = 1000
"""A counter that moved by more was set anew by its program, or was away for long; it counts from there."""
_log = logging.getLogger(__name__)


class _Polled:
    """What both wires share: a device, looked at in turns."""

    def __init__(self, settings: ModbusTrigger, clock: Clock) -> None:
        self._settings = settings
        self._device = OpenDevice(settings.device)
        self._clock = clock
        self._never = threading.Event()

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()

    def _pause(self, timeout_s: float) -> None:
        self._clock.wait(self._never, min(self._settings.poll_ms / _MS_PER_S, timeout_s))

    def _part(self) -> str | None:
        register, words = self._settings.part_register, self._settings.part_words
        if register is None:
            return None
        number = 0
        for word in self._device.words("holding", register, words):
            number = number * _WORD + word
        return str(number)


class BitWire(_Polled):
    """Each rise of a coil or input is a part.

    With an acknowledging coil the bit is held until we have seen it, so a part that came while the device could not be
    reached is announced as soon as it can. The coil is written one look after the part was announced: a write that
    fails then costs no part, and is made up for when the device is back. Without one, a part whose number cannot be
    read is announced without it, because nobody holds its bit until the number can be read; then the device is lost.

    Args:
        settings: the `trigger` table.
        clock: stamps what was polled.
    """

    def __init__(self, settings: ModbusTrigger, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._was_set = False
        self._to_acknowledge: bool | None = None
        self._is_held = settings.acknowledge_coil is not None
        self._broken: WireLost | None = None

    def open(self) -> None:
        """Connect; a bit that nobody holds for us may have risen at any time, so it announces nothing."""
        self._broken = None
        self._device.open()
        if not self._is_held:
            self._was_set = self._device.bit(self._settings.signal, self._settings.address)

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement when the bit has risen."""
        if self._broken is not None:
            raise self._broken
        self._acknowledge()
        self._pause(timeout_s)
        at_ns = self._clock.now_ns()
        is_set = self._device.bit(self._settings.signal, self._settings.address)
        rose, fell = is_set and not self._was_set, self._was_set and not is_set
        announced = [Announcement(at_ns, self._number())] if rose else []
        if rose or fell:
            self._to_acknowledge = rose
        self._was_set = is_set
        return announced

    def _number(self) -> str | None:
        try:
            return self._part()
        except WireLost as error:
            if self._is_held:
                raise
            self._broken = error
            return None

    def _acknowledge(self) -> None:
        coil = self._settings.acknowledge_coil
        if coil is not None and self._to_acknowledge is not None:
            self._device.set_coil(coil, on=self._to_acknowledge)
        self._to_acknowledge = None


class CounterWire(_Polled):
    """Each step of a 16-bit counting register is a part; a step of more than one means parts between two polls.

    What it counted while the device could not be reached, or before its part's number could be read, is told as
    unheard. After a leap nobody knows how many parts went by: the log has its ends, and one unheard part is told.

    Args:
        settings: the `trigger` table.
        clock: stamps what was polled.
    """

    def __init__(self, settings: ModbusTrigger, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._table = settings.signal.removesuffix("-counter")
        self._count: int | None = None
        self._gap = 0

    def open(self) -> None:
        """Connect, and count from here the first time, later on from the last count."""
        self._device.open()
        count = self._read()
        steps = 0 if self._count is None else (count - self._count) % _WORD
        self._gap += 1 if self._leaps(count, steps) else steps
        self._count = count

    def wait(self, timeout_s: float) -> list[Announcement]:
        """A gap when the device was away, and one part when the register has moved, with those that it passed over."""
        self._pause(timeout_s)
        at_ns, count = self._clock.now_ns(), self._read()
        gap, steps = self._gap, (count - self._count) % _WORD if self._count is not None else 0
        announced = []
        if self._leaps(count, steps):
            gap += 1
        elif steps:
            announced = [Announcement(at_ns, self._part(), unheard=steps - 1)]
        self._count, self._gap = count, 0
        return [Announcement(at_ns, unheard=gap, heard=False), *announced] if gap else announced

    def _leaps(self, count: int, steps: int) -> bool:
        if steps <= _LEAP:
            return False
        _log.warning(
            "the counting register leapt from %s to %d: it was set anew, or more than %d parts went by; "
            "told as one part that was not heard",
            self._count,
            count,
            _LEAP,
        )
        return True

    def _read(self) -> int:
        return self._device.words(self._table, self._settings.address, 1)[0]


def build(settings: ModbusTrigger, name: str, clock: Clock) -> BitWire | CounterWire:
    """The wire of a `modbus` trigger."""
    del name
    return CounterWire(settings, clock) if settings.signal.endswith("counter") else BitWire(settings, clock)
