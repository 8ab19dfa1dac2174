"""What the board writes down of its own work."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings


class Records(Settings):
    """Every verdict, good ones too, as a line of the day's CSV file."""

    enabled: bool = True
    max_bytes: Annotated[int, Field(ge=1 << 20, description="all days together; the oldest file goes first")] = (
        256 << 20
    )
    keep_days: Annotated[int, Field(ge=1, le=3660, description="days that have a file, counted by their files")] = 90
    sync_s: Annotated[
        float, Field(ge=0.1, le=60, description="lines of so many seconds share one write of the disk")
    ] = 5.0
