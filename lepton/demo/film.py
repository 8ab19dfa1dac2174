"""A film of the line: parts come along the belt one after another, none stops, some have a defect.

The belt's encoder fires the camera, so the belt moves by the same `STEP_PX` between two frames and each part stands in
the middle in one of them, give or take the play of its nest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge_contracts.errors import BadInputError
from lepton.demo.defects import DEFECTS, Defect
from lepton.demo.parts import draw_part, product
from lepton.demo.station import HEIGHT_PX, WIDTH_PX, LaidPart, Station

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FRAMES_PER_SECOND = 10
STEP_PX = 96  # what the belt moves between two frames
FRAMES_PER_PART = 13
REACH_FRAMES = 5  # a part is seen this many frames before and after the one in which it is centred
LEAD_FRAMES = 6  # empty belt before the first part's turn and after the last one's
PLAY_PX = 6.0  # how far a nest lets a part slide, either way, right and down
PLAN_SEED, PART_SEED, EXPOSURE_SEED = range(10, 13)  # apart from the station's own seeds


@dataclass(frozen=True, slots=True)
class PartTruth:
    """What really happened to one part; frames count from 0 and both ends are included."""

    part_index: int
    first_frame: int
    last_frame: int
    centred_frame: int
    defect: Defect | None


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One picture of the film and what is in it."""

    image: NDArray[np.uint8]
    """480×640×3 RGB, 0–255."""
    part_index: int | None
    """The part of which anything can be seen, counted from 0; None on an empty belt."""
    is_centred: bool
    """The one frame in which this part stands nearest to the middle."""
    defect: Defect | None
    """What is wrong with the part in view."""


class Film:
    """The drawn line in motion: iterate over it for `FilmFrame`s, as often as wanted; one seed gives the same bytes.

    Args:
        seed: Decides belt, light, noise, every part and every defect.
        kind: The product on the line: bracket, cap or badge.
        parts: How many come along.
        defect_rate: Share of them that have a defect, 0–1; the number is rounded and the kinds take turns.

    Raises:
        BadInputError: There is no such product, no part, or the rate is not between 0 and 1.
    """

    frames_per_second: Final = FRAMES_PER_SECOND

    def __init__(self, seed: int = 7, kind: str = "bracket", parts: int = 60, defect_rate: float = 0.25) -> None:
        if parts < 1 or not 0 <= defect_rate <= 1:
            wanted = "wanted at least one part and a defect rate from 0 to 1"
            raise BadInputError(
                f"{wanted}; found {parts} parts and a rate of {defect_rate}: change the one that is off"
            )
        self._belt_tone = product(kind).belt
        self.seed, self.kind = seed, kind
        self.truth = _planned(np.random.default_rng((seed, PLAN_SEED)), parts, round(parts * defect_rate))

    def __len__(self) -> int:
        return 2 * LEAD_FRAMES + FRAMES_PER_PART * len(self.truth)

    def __iter__(self) -> Iterator[FilmFrame]:
        station = Station.built(self.seed, self._belt_tone)
        shutter = np.random.default_rng((self.seed, EXPOSURE_SEED))
        drawn: tuple[LaidPart, int, int] | None = None
        for number in range(len(self)):
            truth = self._in_view(number)
            if truth is None:
                drawn = None
            elif drawn is None:
                drawn = self._drawn(truth)
            light = station.daylight.at(number / len(self))
            if truth is None or drawn is None:
                yield FilmFrame(station.picture(number * STEP_PX, light, shutter), None, is_centred=False, defect=None)
                continue
            part, x_px, y_px = drawn
            middle_px = (x_px + (number - truth.centred_frame) * STEP_PX, y_px)
            image = station.picture(number * STEP_PX, light, shutter, part, middle_px)
            yield FilmFrame(image, truth.part_index, number == truth.centred_frame, truth.defect)

    def _in_view(self, number: int) -> PartTruth | None:
        turn = (number - LEAD_FRAMES) // FRAMES_PER_PART
        if not 0 <= turn < len(self.truth):
            return None
        truth = self.truth[turn]
        return truth if truth.first_frame <= number <= truth.last_frame else None

    def _drawn(self, truth: PartTruth) -> tuple[LaidPart, int, int]:
        """The part and the middle of its drawing in the frame in which it is centred."""
        rng = np.random.default_rng((self.seed, PART_SEED, truth.part_index))
        x_px, y_px = place_under_camera(rng)
        return LaidPart.of(draw_part(self.kind, rng, truth.defect)), x_px, y_px


def place_under_camera(rng: np.random.Generator) -> tuple[int, int]:
    """The middle of the picture, give or take the play of the nest; whole pixels, the drawing has the fraction."""
    x_play, y_play = rng.uniform(-PLAY_PX, PLAY_PX, 2)
    return WIDTH_PX // 2 + round(float(x_play)), HEIGHT_PX // 2 + round(float(y_play))


def _planned(rng: np.random.Generator, parts: int, defective: int) -> tuple[PartTruth, ...]:
    """Which part gets which defect: as many of each kind as can be, at places drawn without replacement."""
    kinds = [DEFECTS[int(turn)] for turn in rng.permutation(len(DEFECTS))]
    chosen = rng.permutation(parts)[:defective].tolist()
    faults: dict[int, Defect] = {part: kinds[turn % len(kinds)] for turn, part in enumerate(chosen)}
    return tuple(_truth(part, faults.get(part)) for part in range(parts))


def _truth(part: int, defect: Defect | None) -> PartTruth:
    centred = LEAD_FRAMES + FRAMES_PER_PART * part + FRAMES_PER_PART // 2
    return PartTruth(part, centred - REACH_FRAMES, centred + REACH_FRAMES, centred, defect)
