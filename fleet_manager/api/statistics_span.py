"""From when to when statistics are told: in order, since 1970, and no longer than a little more than a year."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import AwareDatetime

from edge_contracts.errors import BadInputError
from edge_contracts.wire_time import END_MS
from fleet_manager.api.wire_values import milliseconds

LONGEST_DAYS: Final = 400
_DAY_MS: Final = 86_400_000

From = Annotated[AwareDatetime, Query(alias="from", description="Quarters of an hour that begin here or later.")]
To = Annotated[AwareDatetime, Query(alias="to", description="Quarters of an hour that begin before; 400 days at most.")]


def checked_span(since: datetime, until: datetime) -> tuple[int, int]:
    """Both in milliseconds since 1970-01-01 UTC.

    Raises:
        BadInputError: they are not in order, too far from each other, or of no time that a factory knows.
    """
    from_ms, until_ms = milliseconds(since), milliseconds(until)
    if not 0 <= from_ms < until_ms <= min(from_ms + LONGEST_DAYS * _DAY_MS, END_MS):
        raise BadInputError(
            f"wanted a time from 1970 on, of at most {LONGEST_DAYS} days, `from` before `to`, "
            f"found {since.isoformat()} to {until.isoformat()}"
        )
    return from_ms, until_ms
