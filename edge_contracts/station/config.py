"""The whole file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.board import Board, Governor
from edge_contracts.station.chip_use import require_known_chips
from edge_contracts.station.commands import Commands
from edge_contracts.station.delivery import EvidenceSettings, Spool, Uplink, Upload
from edge_contracts.station.drift import Drift
from edge_contracts.station.microcontroller import Microcontroller
from edge_contracts.station.output import Output
from edge_contracts.station.point import Point
from edge_contracts.station.records import Records
from edge_contracts.station.remote import Remote
from edge_contracts.station.serial_use import require_one_use
from edge_contracts.station.settings import PathText, Seconds, Settings
from edge_contracts.station.trigger import IntervalTrigger
from edge_contracts.station.web import Web


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
    commands: Commands = Commands()
    remote: Remote | None = None
    evidence: EvidenceSettings = EvidenceSettings()
    upload: Upload | None = None
    records: Records = Records()
    board: Board = Board()
    governor: Governor = Governor()
    drift: Drift = Drift()
    web: Web | None = None
    microcontrollers: Annotated[tuple[Microcontroller, ...], Field(max_length=8)] = ()
    outputs: Annotated[tuple[Output, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> StationConfig:
        names = [point.name for point in self.points]
        if len(set(names)) != len(names):
            raise ValueError(f"inspection points need different names, found {', '.join(names)}")
        return self

    @model_validator(mode="after")
    def _steps_slow_down_points_that_run_free(self) -> StationConfig:
        paced = {one.name: one.trigger.interval_s for one in self.points if isinstance(one.trigger, IntervalTrigger)}
        for number, step in enumerate(self.governor.steps, start=1):
            for name in step.points or tuple(paced):
                if name not in paced:
                    raise ValueError(f"governor step {number} names {name}, which is no point with an interval trigger")
                if step.interval_s <= paced[name]:
                    raise ValueError(
                        f"governor step {number} wants {name} every {step.interval_s:g} s, which is no slower than the "
                        f"{paced[name]:g} s before it"
                    )
                paced[name] = step.interval_s
        if self.governor.steps and not paced:
            raise ValueError("governor steps slow down points with an interval trigger, and there is none")
        return self

    @model_validator(mode="after")
    def _there_is_evidence_to_upload(self) -> StationConfig:
        if self.upload is not None and not self.evidence.enabled:
            raise ValueError(
                "upload brings evidence to the manager, and evidence.enabled is false; remove one of the two"
            )
        return self

    @model_validator(mode="after")
    def _configurations_come_over_the_uplink(self) -> StationConfig:
        if self.remote is not None and self.uplink is None:
            raise ValueError("remote takes configurations over the uplink, and there is none; add one or remove remote")
        return self

    @model_validator(mode="after")
    def _outputs_belong_together(self) -> StationConfig:
        names = [output.name for output in self.outputs]
        if len(set(names)) != len(names):
            raise ValueError(f"outputs need different names, found {', '.join(names)}")
        points = {point.name for point in self.points}
        for output in self.outputs:
            if strange := set(output.points) - points:
                known = ", ".join(sorted(points))
                raise ValueError(
                    f"output {output.name}: wanted points among {known}, found {', '.join(sorted(strange))}"
                )
        return self

    @model_validator(mode="after")
    def _serial_ports_are_used_once(self) -> StationConfig:
        require_one_use(self)
        return self

    @model_validator(mode="after")
    def _microcontrollers_are_known(self) -> StationConfig:
        require_known_chips(self.microcontrollers, self.points, self.outputs)
        return self

    @model_validator(mode="after")
    def _unknown_parts_do_not_pass(self) -> StationConfig:
        for point in self.points:
            told = {
                outcome
                for output in self.outputs
                if output.role == "verdict" and (not output.points or point.name in output.points)
                for outcome in output.fires_for
            }
            if "defect" in told and "unknown" not in told:
                raise ValueError(
                    f"inspection point {point.name}: an output fires for defect and none for unknown, so a part that "
                    'could not be judged would pass; add "unknown" to its fires_for'
                )
        return self
