"""A large picture judged piece by piece, so that small defects stay visible."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from edge_contracts.station.settings import Settings

TILES_MAX = 64


class Tiles(Settings):
    """The judged region in tiles: so many across and down, or as many as the model's own resolution needs."""

    columns: Annotated[int, Field(ge=1, le=TILES_MAX)] = 1
    rows: Annotated[int, Field(ge=1, le=TILES_MAX)] = 1
    reduction: Annotated[
        float | None, Field(ge=0.1, le=16, description="pixels of the picture per pixel of the model's input")
    ] = None
    overlap: Annotated[float, Field(ge=0, le=0.5, description="of neighbours, as a fraction of a tile")] = 0.1

    @model_validator(mode="after")
    def _is_one_way(self) -> Tiles:
        counted = self.columns * self.rows
        if self.reduction is not None and counted > 1:
            raise ValueError("wanted either columns and rows or reduction, found both; leave one out")
        if self.reduction is None and not 1 < counted <= TILES_MAX:
            raise ValueError(f"wanted 2 to {TILES_MAX} tiles, found {counted}; set columns and rows, or reduction")
        return self
