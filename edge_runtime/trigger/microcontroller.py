"""A microcontroller announces parts: with its own number, at the moment that its own clock says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.terminals.chip_news import PartSeen, Subscription
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import Announcement

if TYPE_CHECKING:
    from edge_contracts.station import ChipTrigger
    from edge_runtime.terminals.chips import Chips
    from edge_runtime.terminals.microcontroller import Microcontroller


class ChipWire:
    """Each part that the microcontroller tells; also those that it told before we listened again.

    Args:
        chip: the line to it.
        name: of the trigger; a wire of the same name goes on where the one before it left, as after a reload.
    """

    def __init__(self, chip: Microcontroller, name: str) -> None:
        self._chip = chip
        self._name = name
        self._news = Subscription()

    def open(self) -> None:
        """Begin to listen, after a loss with what was told since."""
        self.close()
        self._chip.wait_open()
        self._news = self._chip.listen(self._name)

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement per part; parts that could not be told show as a gap in the numbers."""
        told = self._news.take(timeout_s)
        if not told and self._chip.lost is not None:
            raise WireLost(self._chip.lost)
        return [Announcement(one.at_ns, str(one.number), one.unheard) for one in told if isinstance(one, PartSeen)]

    def close(self) -> None:
        """Listen no more."""
        self._chip.leave(self._news)


def build(settings: ChipTrigger, name: str, chips: Chips) -> ChipWire:
    """The wire of a `microcontroller` trigger."""
    return ChipWire(chips.named(settings.microcontroller), name)
