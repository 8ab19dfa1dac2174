"""A microcontroller as output: its reject gate, which it times itself, or one of its lamps."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edge_contracts.serial_link import By, Lamp, Light, Reason, Reject
from edge_contracts.station import EncoderGate, TimeGate
from edge_runtime.outputs.output import PartGone, Shape
from edge_runtime.terminals.chip_news import ChipRefused
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station import ChipOutput
    from edge_runtime.outputs.output import Order
    from edge_runtime.terminals.chips import Chips
    from edge_runtime.terminals.microcontroller import Microcontroller

_MS_PER_S = 1000
_PAST = frozenset({Reason.LATE, Reason.UNKNOWN_PART})


class GateOutput:
    """Names the part and the way from its trigger to the gate; the microcontroller waits and makes the pulse.

    Args:
        settings: one of the `outputs` tables.
        chip: the line to it.
    """

    shape = Shape.MESSAGE

    def __init__(self, settings: ChipOutput, chip: Microcontroller) -> None:
        self._settings = settings
        self._chip = chip

    def open(self) -> None:
        """Wait until the microcontroller has said who it is."""
        self._chip.wait_open()

    def fire(self, order: Order) -> None:
        """Order the part's pulse; returns when the microcontroller has it, or has rejected the part by itself.

        Raises:
            PartGone: it has not announced the part, has forgotten it, or the part is past the gate.
        """
        self._chip.wait_open(0)
        number = self._chip.number_at(order.triggered_at_ns)
        if number is None:
            raise PartGone(
                f"wanted to reject part {order.part or 'without a name'}, found that the microcontroller has not "
                "announced it; check whether its line was lost meanwhile"
            )
        if self._has_rejected(order.triggered_at_ns):
            return
        by, delay = self._delay()
        try:
            self._chip.order(Reject(number, by, delay, max(self._ticks(self._settings.pulse_ms), 1)))
        except ChipRefused as error:
            if error.reason not in _PAST:
                raise
            raise PartGone(str(error)) from error

    def idle(self) -> None:
        """The microcontroller ends the pulse itself."""

    def close(self) -> None:
        """What was ordered is done; without a heartbeat everything is rejected."""

    def _has_rejected(self, at_ns: int) -> bool:
        """On a counted belt nobody knows how soon a part is at the gate."""
        gate = self._settings.gate
        return isinstance(gate, TimeGate) and self._chip.rejects_alone(at_ns, gate.delay_ms)

    def _delay(self) -> tuple[By, int]:
        gate = self._settings.gate
        if isinstance(gate, EncoderGate):
            return By.COUNTS, gate.counts
        assert isinstance(gate, TimeGate)  # noqa: S101 - the settings refuse any other
        return By.TICKS, self._ticks(gate.delay_ms)

    def _ticks(self, ms: float) -> int:
        return round(ms * self._chip.hello.ticks_per_second / _MS_PER_S)


class LampOutput:
    """A lamp, or anything else that is on or off.

    Args:
        lamp: its number.
        chip: the line to the microcontroller.
    """

    shape = Shape.LEVEL

    def __init__(self, lamp: int, chip: Microcontroller) -> None:
        self._lamp = lamp
        self._chip = chip

    def open(self) -> None:
        """Wait until the microcontroller has said who it is; dark."""
        self._chip.wait_open()
        self.idle()

    def fire(self, order: Order) -> None:
        """Lit."""
        del order
        self._chip.order(Lamp(self._lamp, Light.ON))

    def idle(self) -> None:
        """Dark."""
        self._chip.order(Lamp(self._lamp, Light.OFF))

    def close(self) -> None:
        """Dark, if the microcontroller can still be told."""
        with suppress(WireLost):
            self.idle()


def build(settings: ChipOutput, chips: Chips) -> GateOutput | LampOutput:
    """The output of kind `microcontroller`."""
    chip = chips.named(settings.microcontroller)
    return GateOutput(settings, chip) if settings.lamp is None else LampOutput(settings.lamp, chip)
