"""Where a part's id comes from when the line announces the part."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_contracts.station.settings import Seconds, Settings
from edge_contracts.station.terminal import SerialPort


class TriggerPartId(Settings):
    """What the trigger itself carried; a number of the station's own where it carried none."""

    kind: Literal["trigger"]


class CounterPartId(Settings):
    """Numbers from 1, anew with each start of the daemon; what the trigger carries is not looked at."""

    kind: Literal["counter"]


class BarcodePartId(SerialPort):
    """The newest line that a code reader wrote to a serial port before the trigger; each code names one part."""

    kind: Literal["barcode"]
    max_age_s: Annotated[Seconds, Field(description="an older code belongs to a part that is gone")] = 5.0


PartId = Annotated[TriggerPartId | CounterPartId | BarcodePartId, Field(discriminator="kind")]
