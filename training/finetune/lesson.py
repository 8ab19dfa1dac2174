"""Labelled pictures in memory, at the network's size, and what is wanted for each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Lesson:
    """Pictures and answers, in one order.

    pictures: N×H×W×C uint8, 0 to 255.
    wanted: for classes N int64, for masks N×H×W uint8 with a class per place, for boxes N×K×5 float32 with class, x1,
        y1, x2, y2 in pixels and -1 as the class of a row that is none.
    recordings: N int64, which recording each was cut from; None where each is a picture of its own.
    """

    pictures: npt.NDArray[np.uint8]
    wanted: npt.NDArray[Any]
    recordings: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, places: npt.NDArray[np.intp]) -> Lesson:
        """Some of them, in the order of `places`."""
        recordings = None if self.recordings is None else self.recordings[places]
        return Lesson(self.pictures[places], self.wanted[places], recordings)

    @property
    def digest(self) -> str:
        """SHA-256 over shapes and contents, in hex."""
        whole = hashlib.sha256()
        for array in (self.pictures, self.wanted, *(() if self.recordings is None else (self.recordings,))):
            whole.update(repr((array.shape, array.dtype.str)).encode())
            whole.update(np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a network gets for a byte: (byte - mean) / std, one value per channel or one for all, in bytes."""

    mean: tuple[float, ...] = (127.5,)
    std: tuple[float, ...] = (127.5,)
