"""Which places of the spool have been read for sending, where newer rows may go before older ones. Pure."""

from __future__ import annotations


class Handed:
    """Places that can have been on the wire: few inclusive ranges, since sending goes forward in two places at most.

    Args:
        through: everything up to here was in the spool when it was opened, and may have been sent before.
    """

    def __init__(self, through: int) -> None:
        self._ranges: list[tuple[int, int]] = [(0, through)]

    def note(self, first: int, last: int) -> None:
        """Every row from `first` to `last` was read."""
        ranges = sorted([*self._ranges, (first, last)])
        merged = ranges[:1]
        for piece in ranges[1:]:
            if piece[0] <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], piece[1]))
            else:
                merged.append(piece)
        self._ranges = merged

    def holds(self, seq: int) -> int | None:
        """The last place of the range that holds `seq`; None where `seq` was not read."""
        return next((last for first, last in self._ranges if first <= seq <= last), None)
