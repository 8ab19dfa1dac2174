"""When the scores of parts are no longer those of the reference."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings


class Drift(Settings):
    """How the scores of each point are watched."""

    enabled: bool = True
    window: Annotated[int, Field(ge=100, le=10_000, description="so many last scores are compared")] = 500
    psi_min: Annotated[
        float, Field(gt=0, le=10, description="least population stability index that counts, with many parts")
    ] = 0.25
