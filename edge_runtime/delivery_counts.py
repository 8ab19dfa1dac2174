"""What became of alerts, their evidence and the minutes on the way to the spool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class DeliveryCounts:
    """What happened to alerts since the start.

    spooled: durable.
    refused: the spool said no.
    overflowed: the line was full.
    without_picture: told without their picture, because too many waited, or they had waited too long.
    extras_dropped: samples of good parts and clips that were not kept, because too many waited.
    faults: exceptions here; each may have cost one alert its own words, which the next alert of number tells.
    minutes: minutes of statistics that are durable.
    minutes_back: those that no disk took and a later one tells.
    minutes_lost: those that no disk took at the end; they are in the spool's ledger.
    """

    spooled: int = 0
    refused: int = 0
    overflowed: int = 0
    without_picture: int = 0
    extras_dropped: int = 0
    faults: int = 0
    minutes: int = 0
    minutes_back: int = 0
    minutes_lost: int = 0
