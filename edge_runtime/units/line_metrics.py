"""What joins the station to the line, in figures for the page's `/metrics`: outputs and the triggers of the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.web.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_runtime.inspection_point import InspectionPoint
    from edge_runtime.outputs.output_counts import OutputCounts
    from edge_runtime.units.running import Running
    from edge_runtime.web.metrics import Reading, Sample

OUTPUTS: tuple[tuple[str, str], ...] = (
    ("fired", "Orders that were said, or that lengthened a pulse."),
    ("passed", "Parts that it does not fire for."),
    ("unjudged", "Parts that reached the gate before their verdict."),
    ("late", "Orders that could not be said in time."),
    ("opened", "Times that it was opened."),
    ("lost", "Times that it broke or could not be opened."),
)
"""Fields of `OutputCounts`, and what they mean."""


def line_metrics(running: Running) -> tuple[Metric, ...]:
    """Rows for `WebFace.start`; a station without outputs or line triggers has no samples of them."""
    return (
        *(_output(name, meaning, running) for name, meaning in OUTPUTS),
        Metric("lepton_output_up", "gauge", "1 while it can be driven.", ("output",), lambda _: _up(running)),
        Metric("lepton_line_stops_total", "counter", "Times that the line was told to stop.", (), _stops(running)),
        _trigger("announced", "Parts that the line announced, or that a presence trigger saw.", _announced, running),
        _trigger("missed", "Those that could not be inspected.", _missed, running),
        _trigger("lost", "Times that the trigger broke or was not there.", _lost, running),
        Metric("lepton_trigger_up", "gauge", "1 while it can be heard.", ("point",), lambda _: _heard(running)),
    )


def _output(name: str, meaning: str, running: Running) -> Metric:
    def samples(_: Reading) -> Iterable[Sample]:
        counts: dict[str, OutputCounts] = running.panel.counts if running.panel else {}
        return [((output,), float(getattr(count, name))) for output, count in counts.items()]

    return Metric(f"lepton_output_{name}_total", "counter", meaning, ("output",), samples)


def _up(running: Running) -> Iterable[Sample]:
    lost = running.panel.lost if running.panel else {}
    return [((output,), float(reason is None)) for output, reason in lost.items()]


def _stops(running: Running) -> Callable[[Reading], Iterable[Sample]]:
    return lambda _: [((), float(running.panel.guard.stops))] if running.panel and running.panel.counts else []


def _trigger(name: str, meaning: str, value: Callable[[InspectionPoint], int | None], running: Running) -> Metric:
    def samples(_: Reading) -> Iterable[Sample]:
        found = [(one.inventory.name, value(one)) for one in tuple(running.points.values())]
        return [((point,), float(count)) for point, count in found if count is not None]

    return Metric(f"lepton_trigger_{name}_total", "counter", meaning, ("point",), samples)


def _announced(point: InspectionPoint) -> int | None:
    return point.announced.announced if point.announced is not None else None


def _missed(point: InspectionPoint) -> int | None:
    return point.announced.missed if point.announced is not None else None


def _lost(point: InspectionPoint) -> int | None:
    return point.listeners[0].counts.lost if point.listeners else None


def _heard(running: Running) -> Iterable[Sample]:
    points = tuple(running.points.values())
    return [((one.inventory.name,), float(one.listeners[0].lost is None)) for one in points if one.listeners]
