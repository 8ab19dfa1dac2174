"""Why one picture was judged as it was, as one page that needs nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converters.report.environment import page_template
from converters.report.quantity import plain
from converters.report.sentences import hottest
from converters.report.thumbnail import as_address, reduced
from edge_contracts.station import Region
from edge_runtime.inspection.overlay import draw_heat
from training.heat_drawing import drawn_heat

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.verdict import Outcome
    from training.dataset import Sample
    from training.explain.neighbours import Neighbour
    from training.explain.occlusion import Occlusion

    Pixels = npt.NDArray[np.uint8]

LOOKED_AT_PX, LOOKED_AT_BYTES = 480, 100_000
"""Of the picture in question, longer side and file: a scratch must be seen in it. Known parts are small."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A known part that looks like the one in question."""

    sample: Sample
    neighbour: Neighbour
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to tell of one picture.

    threshold: None where the bundle has none. heat_map: h×w, None without one.
    good, defective: the known parts that look most like it, nearest first; empty without known parts.
    """

    name: str
    bundle: str
    verdict: Outcome
    threshold: float | None
    pixels: Pixels
    heat_map: npt.NDArray[np.float32] | None
    occlusion: Occlusion
    good: Sequence[Alike]
    defective: Sequence[Alike]

    @property
    def rests_on_one_place(self) -> bool | None:
        """Whether the part would be called good with its worst place hidden; None where it is good, or unknown."""
        if self.threshold is None or self.occlusion.score < self.threshold:
            return None
        return self.occlusion.least < self.threshold


def render(explanation: Explanation) -> str:
    """The page as HTML; the same text for the same explanation."""
    seen, heat_map = reduced(explanation.pixels, LOOKED_AT_PX), explanation.heat_map
    heat, colours = (None, "") if heat_map is None else drawn_heat(seen, heat_map, explanation.threshold)
    lowered = np.maximum(explanation.occlusion.lowered, 0)
    return page_template("training.explain", "explanation.html.j2").render(
        one=explanation,
        picture=as_address(seen, LOOKED_AT_BYTES),
        heat="" if heat is None else as_address(heat, LOOKED_AT_BYTES),
        colours=colours,
        hidden=as_address(draw_heat(seen, lowered, Region(), None), LOOKED_AT_BYTES),
        hottest=hottest(lowered),
        good=[_alike(one) for one in explanation.good],
        defective=[_alike(one) for one in explanation.defective],
        plain=plain,
    )


def _alike(one: Alike) -> dict[str, str]:
    return {
        "picture": as_address(reduced(one.pixels)),
        "name": Path(one.sample.path).name,
        "label": one.sample.label,
        "distance": f"{one.neighbour.distance:.2f}",
    }
