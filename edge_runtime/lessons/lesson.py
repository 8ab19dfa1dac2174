"""A part as its model saw it, and what a person said of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Kind(str, Enum):
    """What a part was taught as."""

    GOOD = "good"
    DEFECTIVE = "defective"


@dataclass(frozen=True, slots=True)
class Impression:
    """What a model made of one part, before anything that was taught.

    features: float32 D, the bundle's output with that role.
    heat_map: float32 h×w, in the score's unit.
    score: above 0; `threshold` is the one in force then.
    bundle: digest of the bundle that saw it; for another one the numbers say nothing.
    """

    features: npt.NDArray[np.float32]
    heat_map: npt.NDArray[np.float32]
    score: float
    threshold: float
    bundle: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One part that a person judged.

    number: from 1 per point, never given twice.
    part: the part's id in its verdict.
    picture: a small JPEG, empty where none was at hand.
    at: wall clock, UTC, ISO 8601; a board without a clock may be wrong.
    name, address: who taught it.
    """

    number: int
    part: str
    kind: Kind
    impression: Impression
    picture: bytes
    at: str
    name: str
    address: str

    @property
    def bundle(self) -> str:
        """Digest of the bundle that saw the part."""
        return self.impression.bundle
