"""What can go wrong with a call on its way out."""

from __future__ import annotations

from edge_contracts.errors import LeptonError


class CallFailed(LeptonError, OSError):
    """A call did not arrive.

    for_good: no other attempt would help.
    """

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good
