"""Sums that stay within what a database counts, whatever a station claims: past any true count they stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

MOST_IN_A_ROW: Final = 10**12
"""No row counts further; nine million such rows can be summed before 64 bits are full."""


def bounded(count: int) -> int:
    """A count as a row may hold it."""
    return min(count, MOST_IN_A_ROW)


def added(held: ColumnElement[Any], more: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a row holds and a bounded count, together."""
    return case((held + more > MOST_IN_A_ROW, MOST_IN_A_ROW), else_=held + more)
