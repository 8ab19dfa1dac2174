"""The parts that the drawn factory makes, by name, and one of them drawn: good, or with exactly one defect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from edge_contracts.errors import BadInputError
from lepton.demo.badge import badge
from lepton.demo.bracket import bracket
from lepton.demo.cap import cap
from lepton.demo.change import FeatureChange
from lepton.demo.defects import DEFECTS, Defect, contamination, dent, scratch
from lepton.demo.lamp import lit
from lepton.demo.surface import Bed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lepton.demo.surface import Surface

PartKind: TypeAlias = Literal["bracket", "cap", "badge"]
DRAWING_WIDTH_PX, DRAWING_HEIGHT_PX = 460, 380
TURN_RAD = 0.014  # how far a nest lets a part turn, either way: 0.8 degrees
HARDEST, PLAINEST = 0.15, 1.0  # the range of severities


@dataclass(frozen=True, slots=True)
class Product:
    """What the line makes: how a part is drawn, and the belt on which it shows up best."""

    draw: Callable[[Bed, np.random.Generator, FeatureChange | None], Surface]
    belt: str


PRODUCTS: Final[dict[str, Product]] = {
    "bracket": Product(bracket, belt="petrol"),
    "cap": Product(cap, belt="slate"),
    "badge": Product(badge, belt="pale"),
}


def product(kind: str) -> Product:
    """The product of that name.

    Raises:
        BadInputError: There is no such product; the message lists them.
    """
    if kind not in PRODUCTS:
        raise BadInputError(f"wanted a part among {', '.join(PRODUCTS)}; found {kind!r}: choose one of them")
    return PRODUCTS[kind]


def draw_part(
    kind: str, rng: np.random.Generator, defect: Defect | None = None, *, severity: float | None = None
) -> NDArray[np.uint8]:
    """Draw one part under the station's lamp.

    The body is drawn from a seed of its own, so that the same generator state gives the same part with and without
    its defect: they differ where the defect is and nowhere else.

    Args:
        kind: The name of a product: bracket, cap or badge.
        rng: Decides the pose, the grain, the play of every feature, and the defect.
        defect: One of `DEFECTS`, or None for a good part.
        severity: 0 (hard to see) to 1 (plain); drawn between `HARDEST` and `PLAINEST` when not given.

    Returns:
        H×W×4 uint8 RGBA picture, straight alpha, 380×460; the holes are transparent.

    Raises:
        BadInputError: There is no such part or defect.
    """
    made = product(kind)
    if defect is not None and defect not in DEFECTS:
        raise BadInputError(f"wanted a defect among {', '.join(DEFECTS)}; found {defect!r}: choose one of them")
    body_seed, fault_seed = (int(seed) for seed in rng.integers(0, 2**63, 2))
    body, fault = np.random.default_rng(body_seed), np.random.default_rng(fault_seed)
    drawn_severity = float(fault.uniform(HARDEST, PLAINEST))
    shift = (float(body.uniform(-0.5, 0.5)), float(body.uniform(-0.5, 0.5)))
    bed = Bed.with_pose(DRAWING_WIDTH_PX, DRAWING_HEIGHT_PX, float(body.uniform(-TURN_RAD, TURN_RAD)), shift)
    change = FeatureChange(defect == "missing", float(fault.random())) if defect in {"missing", "wrong"} else None
    skin = made.draw(bed, body, change)
    blemish = {"scratch": scratch, "dent": dent, "contamination": contamination}.get(defect or "")
    if blemish is not None:
        blemish(bed, skin, fault, drawn_severity if severity is None else severity)
    return lit(skin)
