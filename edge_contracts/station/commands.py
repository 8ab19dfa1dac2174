"""What the manager may ask of this board."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.command import CommandName
from edge_contracts.station.settings import Settings


class Commands(Settings):
    """Which commands the station takes; any other is refused."""

    allowed: Annotated[tuple[CommandName, ...], Field(description="an empty list takes none, and hears none")] = (
        "ping",
    )
