"""Limits outside of which a sound or a sensor's readings cannot be judged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from edge_contracts.station.settings import Fraction, Settings

Level = Annotated[float, Field(allow_inf_nan=False)]


class SignalHealth(Settings):
    """Limits outside of which a window cannot be judged; a part heard through it is unknown.

    Levels are in the source's own unit: a sound is −1 to 1. None is the source's default: for sounds the level that
    docs/reference/station.md names, for sensors no limit.
    """

    quiet_rms: Annotated[float | None, Field(ge=0, description="around the mean; 0 = off")] = None
    lowest: Level | None = None
    highest: Level | None = None
    clipped_share: Annotated[Fraction, Field(description="of the samples at or beyond lowest and highest")] = 0.001
    offset_max: Annotated[float | None, Field(gt=0, description="distance of the mean from 0")] = None
    frozen_share: Annotated[
        Fraction, Field(description="longest run of one value, as a share of the window; 0 = off")
    ] = 0.1

    @model_validator(mode="after")
    def _range_is_one(self) -> SignalHealth:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(f"lowest must be below highest, found {self.lowest:g} and {self.highest:g}")
        return self
