"""Whether the board keeps up: each deadline against what was measured, all points against its processors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_contracts.station import FrameTrigger, IntervalTrigger
from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Point
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "takt time"
_COMFORT = 0.7
"""Of a deadline or of the processors; what is above leaves no room for a hot board or a busy disk."""
_MS_PER_S = 1000


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per point that could be timed, and one for the board."""
    for point in patient.config.points:
        yield judge_deadline(point, chart)
    yield judge_load(patient.config.points, chart, len(os.sched_getaffinity(0)))


def judge_deadline(point: Point, chart: Chart) -> Finding:
    """Deadline against the wait for a picture, its conversion and the model's 95th percentile."""
    if point.name not in chart.model_p95_ms:
        return Finding(CHECK, point.name, Standing.SKIPPED, "the model could not be timed")
    needed_ms = chart.model_p95_ms[point.name] + _source_ms(point, chart)
    found = f"{needed_ms:.1f} of {point.deadline_ms:g} ms, {max(1 - needed_ms / point.deadline_ms, 0):.0%} to spare"
    if needed_ms <= _COMFORT * point.deadline_ms:
        return Finding(CHECK, point.name, Standing.OK, found)
    standing = Standing.FAILED if needed_ms > point.deadline_ms else Standing.WARNING
    step = "a longer deadline_ms, a smaller model, more threads or a smaller region"
    return Finding(CHECK, point.name, standing, found, f"at most {_COMFORT:.0%} of the deadline", step)


def judge_load(points: tuple[Point, ...], chart: Chart, processors: int) -> Finding:
    """What all points ask of the processors; a presence trigger's parts are not known, so its pictures count."""
    shares = [_share(point, chart) for point in points]
    load = sum(share for share in shares if share is not None) / processors
    untimed = sum(share is None for share in shares)
    if untimed == len(points):
        return Finding(CHECK, "", Standing.OK, "no inspection point has a pace and a model that could be timed")
    beside = f"; {_counted(untimed)} left out, whose pace or model could not be timed" if untimed else ""
    found = f"{load:.0%} of {processors} processors for {_counted(len(points) - untimed)}{beside}"
    if load <= _COMFORT:
        return Finding(CHECK, "", Standing.OK, found)
    standing = Standing.FAILED if load > 1 else Standing.WARNING
    step = "longer intervals, fewer points, a smaller model or a faster board"
    return Finding(CHECK, "", standing, found, f"at most {_COMFORT:.0%}", step)


def _counted(points: int) -> str:
    return "1 inspection point" if points == 1 else f"{points} inspection points"


def _source_ms(point: Point, chart: Chart) -> float:
    """What passes between a trigger and its picture; a trigger by picture begins when the picture is there."""
    reading = chart.sources.get(point.name)
    if reading is None or not isinstance(point.trigger, IntervalTrigger):
        return 0.0
    ahead_ms = point.max_frame_age_ms / 2
    return reading.handing_ms + max((reading.period_ms or 0.0) - ahead_ms, 0.0)


def _share(point: Point, chart: Chart) -> float | None:
    """Of one processor."""
    reading, model_ms = chart.sources.get(point.name), chart.model_p95_ms.get(point.name)
    if model_ms is None:
        return None
    if isinstance(point.trigger, IntervalTrigger):
        return (model_ms + (reading.handing_ms if reading else 0.0)) / (point.trigger.interval_s * _MS_PER_S)
    if reading is None or reading.period_ms is None:
        return None
    model_ms = model_ms if isinstance(point.trigger, FrameTrigger) else 0.0
    return (model_ms + reading.handing_ms) / reading.period_ms
