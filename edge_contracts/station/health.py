"""Limits outside of which nothing can be judged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings


class PictureHealth(Settings):
    """Limits outside of which a picture cannot be judged; a part seen through it is unknown.

    Grey values are 0 to 255 on a reduced picture. `sharpness_min` is the variance of the Laplacian, 0 switches it off.
    """

    dark_mean: Annotated[float, Field(ge=0, le=255)] = 8.0
    bright_mean: Annotated[float, Field(ge=0, le=255)] = 247.0
    sharpness_min: Annotated[float, Field(ge=0)] = 0.0
    frozen_frames: Annotated[int, Field(ge=0, description="identical pictures in a row; 0 = off")] = 2
