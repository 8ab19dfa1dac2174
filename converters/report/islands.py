"""The mixed-precision search as the page shows it: what each model costs and what it gives back.

It reads `card.details["doctor"]["islands"]`, see `converters.doctor.Islands`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.operator_name import short_name
from converters.report.chart import Tick, linear_axis
from converters.report.layers import as_sentence, decibels
from converters.report.quantity import GAP, file_size, percent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

MARGIN = 0.08


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of the search: its place in the chart, and its row in the table."""

    x_px: float
    y_px: float
    operators: tuple[str, ...]
    output: str
    agreement: str
    size: str
    time: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Search:
    """across: what the chart's horizontal axis is. x_ticks, y_ticks: from the lower left corner."""

    choices: tuple[Choice, ...]
    across: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    tried: int
    reason: str
    seconds: str


def islands(document: Mapping[str, Any] | None) -> Search | None:
    """Lay the search out; None where nobody searched."""
    found = document.get("islands") if document else None
    if not found or not found["points"]:
        return None
    points = found["points"]
    timed = all(point["time_ratio"] is not None for point in points)
    across = [point["time_ratio"] if timed else point["bytes"] / 1000 for point in points]
    x_axis, y_axis = linear_axis(across, MARGIN), linear_axis([point["output_db"] for point in points], MARGIN)
    return Search(
        tuple(
            Choice(
                x_axis.at_px(here),
                y_axis.at_px(point["output_db"]),
                tuple(map(short_name, point["operators"])),
                decibels(point["output_db"]),
                "" if point["agreement"] is None else percent(point["agreement"]),
                file_size(point["bytes"]),
                _time(point),
                point["chosen"],
            )
            for point, here in zip(points, across, strict=True)
        ),
        "time, 1 = all integer" if timed else "size, kB",
        x_axis.ticks(),
        y_axis.ticks(),
        found["tried"],
        as_sentence(found["reason"]),
        plain(found["seconds"], 2),
    )


def _time(point: Mapping[str, Any]) -> str:
    if point["time_ratio"] is None:
        return ""
    return f"{plain(point['time_ratio'])}{GAP}×"
