"""A part of the picture, in fractions of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from edge_contracts.station.settings import Fraction, Settings


class Region(Settings):
    """A rectangle of the picture, as fractions of its width and height."""

    x: Annotated[Fraction, Field(description="share of the picture's width")] = 0.0
    y: Annotated[Fraction, Field(description="share of the picture's height")] = 0.0
    width: Annotated[float, Field(gt=0, le=1, description="share of the picture's width")] = 1.0
    height: Annotated[float, Field(gt=0, le=1, description="share of the picture's height")] = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether it is the picture itself."""
        return self.x == 0 and self.y == 0 and self.width == 1 and self.height == 1

    @model_validator(mode="after")
    def _inside(self) -> Region:
        if self.x + self.width > 1 + 1e-9 or self.y + self.height > 1 + 1e-9:
            raise ValueError("the region reaches beyond the picture: x + width and y + height must be at most 1")
        return self
