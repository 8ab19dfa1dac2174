"""What the board watches of itself, and what it gives up when it gets hot or slow."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.settings import Seconds, Settings


class Board(Settings):
    """Limits beyond which the board raises an alarm."""

    period_s: Annotated[float, Field(ge=0.5, le=600, description="how often the board looks at itself")] = 5.0
    hot_c: Annotated[float, Field(gt=0, le=150, description="alarm from here on, over 5 °C below")] = 80.0
    disk_free_bytes: Annotated[int, Field(ge=0, description="alarm below; of the disk with the state folder")] = (
        256 << 20
    )
    memory_free_bytes: Annotated[int, Field(ge=0, description="alarm below; what the kernel calls available")] = (
        48 << 20
    )
    flash_bytes_per_day: Annotated[
        int, Field(ge=0, description="what the daemon may write in 24 hours; then pictures are given up; 0 = no limit")
    ] = 4 << 30


class GovernorStep(Settings):
    """One step down: free-running points inspect more rarely."""

    interval_s: Seconds
    points: Annotated[tuple[Slug, ...], Field(description="none = each that runs by the interval")] = ()


class Governor(Settings):
    """When and how the station does less: one step after the other, each told."""

    hot_c: Annotated[float, Field(gt=0, le=150)] = 82.0
    cool_c: Annotated[float, Field(gt=0, le=150)] = 74.0
    missed_parts: Annotated[
        int, Field(ge=1, description="parts without a verdict in time, within one `board.period_s`")
    ] = 3
    settle_s: Annotated[Seconds, Field(description="between one step down and the next")] = 30.0
    hold_s: Annotated[Seconds, Field(description="cool and in time for so long, before one step up")] = 120.0
    steps: Annotated[tuple[GovernorStep, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _cool_is_below_hot(self) -> Governor:
        if self.cool_c >= self.hot_c:
            raise ValueError(f"wanted cool_c below hot_c, found {self.cool_c:g} and {self.hot_c:g}")
        return self
