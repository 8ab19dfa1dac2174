"""The encoder that a microcontroller counts: told with each heartbeat, and wrapping around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.outputs.belt import Moved
from edge_runtime.terminals.chip_news import Counted, Subscription
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station import ChipEncoder as Settings
    from edge_runtime.terminals.chips import Chips
    from edge_runtime.terminals.microcontroller import Microcontroller

_WRAP = 1 << 32


class ChipEncoder:
    """Reads counts.

    Args:
        chip: the line to the microcontroller.
    """

    def __init__(self, chip: Microcontroller) -> None:
        self._chip = chip
        self._news = Subscription()
        self._count: int | None = None

    def open(self) -> None:
        """Begin to listen; the first count is where counting begins."""
        self.close()
        self._chip.wait_open()
        self._count, self._news = None, self._chip.listen()

    def wait(self, timeout_s: float) -> list[Moved]:
        """One movement per count.

        Raises:
            WireLost: the microcontroller cannot be heard, or the encoder runs backwards.
        """
        told = self._news.take(timeout_s)
        if self._chip.lost is not None:
            raise WireLost(self._chip.lost)
        return [self._moved(one) for one in told if isinstance(one, Counted)]

    def close(self) -> None:
        """Listen no more."""
        self._chip.leave(self._news)

    def _moved(self, told: Counted) -> Moved:
        before = told.count if self._count is None else self._count
        moved, self._count = (told.count - before) % _WRAP, told.count
        if moved >= _WRAP // 2:
            raise WireLost(f"wanted a count of at least {before}, found {told.count}; does the encoder run backwards?")
        return Moved(told.at_ns, moved)


def build(settings: Settings, chips: Chips) -> ChipEncoder:
    """The encoder of kind `microcontroller`."""
    return ChipEncoder(chips.named(settings.microcontroller))
