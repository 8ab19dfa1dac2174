"""Why a recording of readings was judged as it was, as one page: the curves, and the figures the score rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.report.environment import page_template

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_runtime.frames import Window

WIDTH, HEIGHT = 640, 120
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Curve:
    """One channel.

    name: of it. low, high: of its values, in the sensor's unit. points: of an SVG polygon that holds every reading,
    pixels from the upper left corner.
    """

    name: str
    low: float
    high: float
    points: str


def figures_page(document: dict[str, Any], window: Window) -> str:
    """The page as HTML.

    Args:
        document: of `figures_document`.
        window: what was judged.
    """
    channels = window.values.shape[1]
    return page_template("training.explain", "figures.html.j2").render(
        one=document,
        figures=document["figures"][:SHOWN],
        left_out=max(0, len(document["figures"]) - SHOWN),
        curves=[_curve(f"channel {number + 1}", window.values[:, number]) for number in range(channels)],
        seconds=window.duration_s,
        width=WIDTH,
        height=HEIGHT,
    )


def _curve(name: str, values: npt.NDArray[np.float32]) -> Curve:
    """A band from the lowest to the highest reading of each column of pixels: no spike is lost by drawing."""
    low, high = float(values.min()), float(values.max())
    columns = np.array_split(values, min(WIDTH, len(values)))
    along = np.linspace(0, WIDTH, len(columns))
    up = HEIGHT / (high - low or 1)
    tops = [(x, HEIGHT - (float(one.max()) - low) * up) for x, one in zip(along, columns, strict=True)]
    bottoms = [(x, HEIGHT - (float(one.min()) - low) * up) for x, one in zip(along, columns, strict=True)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*tops, *reversed(bottoms)])
    return Curve(name, low, high, points)
