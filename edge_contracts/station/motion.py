"""When a picture of a camera that runs by itself is worth an inspection."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings


class Motion(Settings):
    """Only pictures in which something moved since the last inspected one are parts; the others are counted."""

    levels: Annotated[
        float, Field(gt=0, lt=255, description="grey levels, in any colour, that a place must differ")
    ] = 8.0
    share: Annotated[
        float, Field(ge=0, le=1, description="so much of the picture may differ and still be no motion")
    ] = 0.0
