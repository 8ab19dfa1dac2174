"""What calls for an inspection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_contracts.station.line_trigger import ChipTrigger, GpioTrigger, ModbusTrigger, MqttTrigger, SerialTrigger
from edge_contracts.station.motion import Motion
from edge_contracts.station.region import Region
from edge_contracts.station.settings import Seconds, Settings


class FrameTrigger(Settings):
    """Every picture that the source gives is one part."""

    kind: Literal["frame"]
    motion: Motion | None = None


class IntervalTrigger(Settings):
    """Free-running: one inspection each `interval_s`, whether or not a frame came."""

    kind: Literal["interval"]
    interval_s: Seconds
    motion: Motion | None = None


class PresenceTrigger(Settings):
    """One inspection per part that crosses the line; an empty belt is no part.

    While no frame comes, one inspection per `interval_s` ends in unknown: the line may be moving unseen.
    """

    kind: Literal["presence"]
    region: Region = Region()
    travel: Annotated[
        Literal["right", "left", "down", "up"], Field(description="where the belt carries the parts in the picture")
    ] = "right"
    line: Annotated[
        float, Field(gt=0, lt=1, description="where a part is inspected: fraction of the region along the travel")
    ] = 0.5
    difference: Annotated[
        float,
        Field(
            gt=0,
            lt=255,
            description="grey levels, in any colour, by which a part differs from the belt, "
            "on top of 6 percent of the belt's own",
        ),
    ] = 12.0
    shortest: Annotated[
        float, Field(gt=0, lt=1, description="shortest part as a fraction of the region along the travel")
    ] = 0.06
    interval_s: Seconds = 1.0


Trigger = Annotated[
    FrameTrigger
    | IntervalTrigger
    | PresenceTrigger
    | GpioTrigger
    | SerialTrigger
    | ModbusTrigger
    | MqttTrigger
    | ChipTrigger,
    Field(discriminator="kind"),
]
