"""Limits outside of which nothing can be judged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import PathText, Settings


class PictureHealth(Settings):
    """Limits outside of which a picture cannot be judged; a part seen through it is unknown.

    Grey values are 0 to 255 on a reduced picture. `sharpness_min` is the variance of the Laplacian, 0 switches it off.
    `moved_limit` is a fraction of the picture's width or height.
    """

    dark_mean: Annotated[float, Field(ge=0, le=255)] = 8.0
    bright_mean: Annotated[float, Field(ge=0, le=255)] = 247.0
    sharpness_min: Annotated[float, Field(ge=0)] = 0.0
    frozen_frames: Annotated[int, Field(ge=0, description="identical pictures in a row; 0 = off")] = 2
    moved_limit: Annotated[float, Field(ge=0, le=0.45, description="shift of the background; 0 = off")] = 0.05
    moved_pictures: Annotated[int, Field(ge=2, le=1000, description="so many in a row must agree on the shift")] = 5
    moved_reference: Annotated[
        PathText | None, Field(description="a picture from where the camera belongs, instead of learning its place")
    ] = None
