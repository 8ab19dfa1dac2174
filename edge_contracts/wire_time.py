"""Moments that travel: such as every receiver can show and count with, whatever a station's clock says.

A board's wall clock is for people, never for order, and it may be broken. The last hour of the year 9999 west of
Greenwich is a moment that no receiver's calendar holds: such a message is refused before it is stored.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

END_MS: Final = 32_503_680_000_000
"""The year 3000, in milliseconds since 1970-01-01 UTC."""


def wire_time(unix_ms: int) -> datetime:
    """Milliseconds since 1970-01-01 UTC as a moment that may travel; outside of the years the nearest that does."""
    return datetime.fromtimestamp(min(max(unix_ms, 0), END_MS - 1) / 1000, timezone.utc)


def _in_the_calendar(at: datetime) -> datetime:
    if not 0 <= at.timestamp() * 1000 < END_MS:
        raise ValueError("wanted a time from the year 1970 until 2999: set the station's clock")
    return at


WireTime = Annotated[AwareDatetime, AfterValidator(_in_the_calendar)]
"""RFC 3339 with an offset, of the years 1970 to 2999 UTC."""
