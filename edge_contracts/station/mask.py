"""What of a picture counts, beyond a rectangle."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from edge_contracts.station.settings import Fraction, PathText, Settings

Polygon: TypeAlias = Annotated[tuple[tuple[Fraction, Fraction], ...], Field(min_length=3, max_length=256)]


class Mask(Settings):
    """What of the whole picture is judged: the white of a picture, or polygons; `ignore` is taken away from it."""

    path: Annotated[PathText | None, Field(description="a PNG in the aspect of the camera's pictures")] = None
    polygons: Annotated[tuple[Polygon, ...], Field(max_length=64, description="x, y as fractions")] = ()
    ignore: Annotated[tuple[Polygon, ...], Field(max_length=64, description="x, y as fractions")] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Mask:
        if self.path is not None and self.polygons:
            raise ValueError("wanted either path or polygons, found both; leave one out")
        if self.path is None and not self.polygons and not self.ignore:
            raise ValueError("wanted path, polygons or ignore, found none of them; leave the mask out")
        return self
