"""The geometry of charts: columns and Pareto rows, drawn as SVG by the templates. Pure.

The statistics need two simple charts; drawn on the server they need no script, print, and follow dark and light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.desk.running_counts import Counts
from fleet_manager.pages.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.desk.production import Bar

PITCH: Final = 10
"""Width of a column with its gap, in units of the drawing."""
_WIDTH: Final = 8
_LEAST: Final = 1.0
"""Height of the smallest piece that can be seen, of 100."""
_NAMES: Final = 6
_SCALES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Segment:
    """One colour of a column: from the top, 0 to 100."""

    kind: str
    y: float
    height: float
    count: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and its figures for the table beside it."""

    name: str
    x: int
    width: int
    pieces: tuple[Segment, ...]
    good: str
    defect: str
    unknown: str
    rate: str


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Columns whose height is the share of parts that were not good: defects, on them unknowns.

    per: what a column is. scale: marks of the height, from the top. told: all of it in a sentence.
    axis: a name for below each column, empty for most.
    """

    per: str
    width: int
    bars: tuple[Column, ...]
    scale: tuple[str, ...]
    axis: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One bar: its width 0 to 100 of the largest, its count and what it makes together with those above."""

    name: str
    width: float
    count: str
    together: str


def column_chart(per: str, groups: Sequence[tuple[str, Counts]]) -> ColumnChart:
    """Groups side by side, in their order; the highest scale that no column exceeds."""
    shares = [(counts.defect + counts.unknown) / counts.total for _, counts in groups if counts.total]
    top = next(scale for scale in _SCALES if scale >= max(shares, default=0.0))
    bars = tuple(_column(at, name, counts, top) for at, (name, counts) in enumerate(groups))
    step = max(1, -(-len(bars) // _NAMES))
    whole = sum((counts for _, counts in groups), Counts())
    told = f"{len(bars)} columns {per}; of all parts together {percent(whole.good, whole.total)} were good"
    axis = tuple(bar.name if at % step == 0 else "" for at, bar in enumerate(bars))
    marks = tuple(f"{100 * top * part:.3g} %" for part in (1, 0.5, 0))
    return ColumnChart(per, max(len(bars), 1) * PITCH, bars, marks, axis, told)


def pareto_rows(bars: Sequence[Bar], nameless: str) -> tuple[ParetoRow, ...]:
    """The bars of a Pareto chart, the largest first."""
    most = max((bar.parts for bar in bars), default=1)
    return tuple(
        ParetoRow(
            bar.name or nameless, round(100 * bar.parts / most, 2), f"{bar.parts:,}", f"{100 * bar.running:.0f} %"
        )
        for bar in bars
    )


def _column(at: int, name: str, counts: Counts, top: float) -> Column:
    pieces, y = [], 100.0
    for kind, count in (("defect", counts.defect), ("unknown", counts.unknown)):
        if count:
            height = max(100 * count / counts.total / top, _LEAST)
            y = max(y - height, 0.0)
            pieces.append(Segment(kind, round(y, 2), round(height, 2), f"{count:,}"))
    return Column(
        name,
        at * PITCH + 1,
        _WIDTH,
        tuple(pieces),
        f"{counts.good:,}",
        f"{counts.defect:,}",
        f"{counts.unknown:,}",
        percent(counts.good, counts.total),
    )
