"""What the points of a station did in a minute: the counts from which production is told, spooled like an alert.

A minute is a place in time that survives an outage; the counts in `state` run since the daemon started and are told
without a promise. A minute ends with the minute of the board's clock, so it never lies in two quarters of an hour.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.identifiers import Boot, Sha256, Slug
from edge_contracts.message import COUNT_MAX, SEQ_MAX, Event, Payload

STATS_TYPE: Final = "lepton.stats.v1"
STATS: Final = "stats"
"""The topic's last level, and the capability in a birth whose station tells its minutes."""
POINTS_TOLD: Final = 4
"""Points of one message; with every cause counted in millions they fit into 4 kB. More points make more messages."""
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
CauseName = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,32}$")]
MonoMs = Annotated[int, Field(ge=0, le=SEQ_MAX)]


class PointStats(Payload):
    """What one point and one model of it did.

    Attributes:
        model: SHA-256 of the bundle that decided; None where none did.
        good, defect: verdicts.
        unknown: verdicts by cause; a cause of a newer sender counts like any other.
        frames: pictures or windows that the source had since the point's message before.
        drops: those of them that nobody looked at.
    """

    point: Slug
    model: Sha256 | None = None
    good: Count = 0
    defect: Count = 0
    unknown: Annotated[dict[CauseName, Count], Field(max_length=32)] = Field(default_factory=dict)
    frames: Count = 0
    drops: Count = 0


class Stats(Payload):
    """One minute, or several whose messages no disk took.

    Attributes:
        boot: which run of the board `mono` counts from; None where the system does not tell.
        from_mono, until_mono: the first and the last verdict, on the clock of the envelope's `mono`.
    """

    boot: Boot | None = None
    from_mono: MonoMs
    until_mono: MonoMs
    points: Annotated[tuple[PointStats, ...], Field(min_length=1, max_length=16)]

    @model_validator(mode="after")
    def _in_order(self) -> Stats:
        if self.until_mono < self.from_mono:
            raise ValueError(f"wanted from_mono <= until_mono, found {self.from_mono} > {self.until_mono}")
        return self


class StatsEvent(Event[Stats]):
    """A minute in its envelope; the envelope's time is later than the last verdict."""

    type: Literal["lepton.stats.v1"] = STATS_TYPE

    @model_validator(mode="after")
    def _is_over(self) -> StatsEvent:
        if self.data.until_mono > self.mono:
            raise ValueError(f"wanted until_mono <= mono = {self.mono}, found {self.data.until_mono}")
        return self
