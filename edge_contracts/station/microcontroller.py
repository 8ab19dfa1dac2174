"""A microcontroller beside the board: one serial port for triggers, encoder, rejects, lamps and the heartbeat."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from edge_contracts.identifiers import Slug
from edge_contracts.station.settings import Seconds
from edge_contracts.station.terminal import SerialPort

ChipName = Annotated[Slug, Field(description="name of one of the microcontrollers tables")]


class Microcontroller(SerialPort):
    """A microcontroller that speaks the station protocol."""

    name: Slug
    board: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=24)] | None,
        Field(description="id of the board that it must say in hello; none: any board is taken"),
    ] = None
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 115_200
    heartbeat_ms: Annotated[
        int, Field(ge=10, le=100, description="it rejects everything when it heard no heartbeat for so long")
    ] = 80
    hold_s: Annotated[Seconds, Field(description="how long it rejects everything after a stop, at least")] = 2.0
