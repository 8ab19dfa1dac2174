"""What joins the station to the line, in figures for the page's `/metrics`: outputs and the triggers of the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_runtime.web.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_runtime.outputs.output_counts import OutputCounts
    from edge_runtime.terminals.listener import Listener
    from edge_runtime.trigger.backlog import BacklogCounts
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
        _trigger("announced", "Parts that the line announced.", lambda counts, _: counts.announced, running),
        _trigger("missed", "Those that could not be inspected.", lambda counts, _: counts.missed, running),
        _trigger("lost", "Times that the trigger broke or was not there.", lambda _, wire: wire.counts.lost, running),
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


def _trigger(name: str, meaning: str, value: Callable[[BacklogCounts, Listener[Any]], int], running: Running) -> Metric:
    def samples(_: Reading) -> Iterable[Sample]:
        return [((point,), float(value(counts, wire))) for point, counts, wire in _line_points(running)]

    return Metric(f"lepton_trigger_{name}_total", "counter", meaning, ("point",), samples)


def _line_points(running: Running) -> list[tuple[str, BacklogCounts, Listener[Any]]]:
    """Name, announced parts and wire of each point that the line announces parts to."""
    points = tuple(running.points.values())
    return [(one.inventory.name, one.announced, one.listeners[0]) for one in points if one.announced is not None]


def _heard(running: Running) -> Iterable[Sample]:
    return [((name,), float(wire.lost is None)) for name, _, wire in _line_points(running)]
