"""The whole file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.delivery import EvidenceSettings, Spool, Uplink
from edge_contracts.station.point import Point
from edge_contracts.station.records import Records
from edge_contracts.station.settings import PathText, Seconds, Settings


class Station(Settings):
    """Who the device is."""

    org: Slug
    site: Slug
    device: Slug
    state_folder: PathText = "state"
    hang_restart_s: Annotated[Seconds, Field(description="a backend that hung this long is started anew")] = 3.0
    inference: Annotated[
        Literal["process", "thread"],
        Field(description="each model in a process of its own, or in a thread of the daemon"),
    ] = "process"


class StationConfig(Settings):
    """The whole file."""

    station: Station
    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=16)]
    spool: Spool = Spool()
    uplink: Uplink | None = None
    evidence: EvidenceSettings = EvidenceSettings()
    records: Records = Records()

    @model_validator(mode="after")
    def _names_differ(self) -> StationConfig:
        names = [point.name for point in self.points]
        if len(set(names)) != len(names):
            raise ValueError(f"inspection points need different names, found {', '.join(names)}")
        return self
