"""A wire that the station listens on: what every one must be able to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Sequence

Heard_co = TypeVar("Heard_co", covariant=True)


class WireLost(LeptonError, ConnectionError):
    """The wire cannot be opened or has broken; it is closed and tried again."""


class Wire(Protocol[Heard_co]):
    """One wire, used by one thread."""

    def open(self) -> None:
        """Open it; opening an open wire begins again, and what it said before is forgotten.

        Raises:
            WireLost: it is not there; the message says what was wanted, found, and what to do.
        """
        ...

    def wait(self, timeout_s: float) -> Sequence[Heard_co]:
        """What was heard, in order; empty when that was nothing for `timeout_s`.

        Raises:
            WireLost: it is gone.
        """
        ...

    def close(self) -> None:
        """Let go of it; closing a closed wire does nothing."""
        ...
