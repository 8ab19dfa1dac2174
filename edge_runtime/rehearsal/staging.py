"""The station's real configuration with everything taken away that would reach the world: broker, folders, cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_contracts.station import FrameTrigger, IntervalTrigger, PresenceTrigger
from edge_runtime.capture.traits import shown_source
from edge_runtime.rehearsal.scripted_source import ScriptedCamera

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.rehearsal.fault_script import FaultScript
    from edge_runtime.rehearsal.timetable import Timetable

_DEAF = {"sound-files", "microphone", "serial"}
_LED_BY_ITSELF = {"frame", "interval", "presence"}
_OUTSIDE = ("uplink", "commands", "remote", "upload", "outputs", "microcontrollers", "web")
"""Tables of the station that speak to the world; what a rehearsal finds out is no alert and moves no gate."""


def confined(config: StationConfig, state_folder: Path, points: tuple[Point, ...]) -> StationConfig:
    """The same station with a scratch state folder and these points, speaking to nobody."""
    silent = {name: type(config).model_fields[name].default for name in _OUTSIDE if name in type(config).model_fields}
    station = config.station.model_copy(update={"state_folder": str(state_folder)})
    return config.model_copy(update={"station": station, "points": points, **silent})


def patient(config: StationConfig, end_s: float) -> StationConfig:
    """The same station with its models in threads of this process, where a hang can be acted out and ended.

    Such a daemon ends itself after `hang_restart_s`, which would end the rehearsal, too.
    """
    hang_restart_s = max(config.station.hang_restart_s, end_s)
    station = config.station.model_copy(update={"inference": "thread", "hang_restart_s": hang_restart_s})
    return config.model_copy(update={"station": station})


def scripted(point: Point, pictures: list[Any], script: FaultScript, timetable: Timetable) -> Point:
    """A point whose camera is a stand-in; a trigger from outside becomes one part per `part_every_s`."""
    _must_see(point)
    camera = ScriptedCamera(
        point=point.name,
        path=script.pictures,
        period_s=1 / script.pictures_per_s,
        pictures=pictures,
        timetable=timetable,
    )
    return _without_outputs(point).model_copy(update={"source": camera, "trigger": _led(point, script.part_every_s)})


def recorded(point: Point, source: Any, *, is_film: bool) -> Point:
    """A point that is given a recording; a trigger that its pictures cannot give becomes one part per picture."""
    _must_see(point)
    keeps = isinstance(point.trigger, FrameTrigger) or (is_film and isinstance(point.trigger, PresenceTrigger))
    trigger = point.trigger if keeps else FrameTrigger(kind="frame")
    return _without_outputs(point).model_copy(update={"source": source, "trigger": trigger})


def changes(before: StationConfig, after: StationConfig) -> list[str]:
    """What the stage took away or put in another's place, a sentence each."""
    told = [f"[{name}] is not used" for name in _OUTSIDE if getattr(before, name, None) != getattr(after, name, None)]
    was = {point.name: point for point in before.points}
    for point in after.points:
        old = was[point.name]
        told.append(f"{point.name}: {shown_source(point.source)} stands for its {old.source.kind} source")
        if old.trigger != point.trigger:
            told.append(f"{point.name}: the trigger {point.trigger.kind!r} stands for {old.trigger.kind!r}")
    return told


def chosen(config: StationConfig, name: str | None) -> Point:
    """The point that a recording is for.

    Raises:
        BadInputError: the station has several and none was named, or none of this name.
    """
    names = ", ".join(point.name for point in config.points)
    if name is None and len(config.points) == 1:
        return config.points[0]
    found = [point for point in config.points if point.name == name]
    if not found:
        raise BadInputError(f"wanted --point to name one of {names}, found {name or 'none'}")
    return found[0]


def _must_see(point: Point) -> None:
    if point.source.kind in _DEAF:
        raise BadInputError(
            f"wanted an inspection point that judges pictures, found {point.name} with a {point.source.kind} source; "
            "give it its recording as a sound-files source and run it"
        )


def _led(point: Point, part_every_s: float) -> Any:
    if point.trigger.kind in _LED_BY_ITSELF:
        return point.trigger
    return IntervalTrigger(kind="interval", interval_s=part_every_s)


def _without_outputs(point: Point) -> Point:
    silent = {name: type(point).model_fields[name].default for name in _OUTSIDE if name in type(point).model_fields}
    return point.model_copy(update=silent)
