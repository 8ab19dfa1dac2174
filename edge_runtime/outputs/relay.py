"""A place among those who are told each verdict, for whoever comes and goes while the points run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edge_runtime.occasion import Inspected


class Guest(Protocol):
    """Somebody who wants to be told each verdict for a while."""

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once."""
        ...


class Relay:
    """Hands each verdict on to its guests; without any it costs next to nothing.

    Attributes:
        guests: exchanged as a whole, by any thread.
    """

    def __init__(self) -> None:
        self.guests: tuple[Guest, ...] = ()

    def take(self, inspected: Inspected) -> None:
        """Hand it on; returns at once, as the guests do."""
        for guest in self.guests:
            guest.take(inspected)
