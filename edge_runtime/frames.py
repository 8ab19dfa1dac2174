"""The values that travel between the stages: a Frame or a Window in, Scores out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a file came into a folder that is looked at again and again; monotonic nanoseconds.

    absent_at_ns: the last look that did not find it, 0 when the first look found it.
    seen_at_ns: the first look that did.
    """

    absent_at_ns: int
    seen_at_ns: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a source.

    pixels: H×W×3 uint8 RGB, 0–255; may be a view of memory in which blue comes first (`edge_runtime.blue_first`).
    captured_at_ns: monotonic nanoseconds at the moment the source handed it over.
    number: counts from 1 per opening of the source.
    name: the source's own name for it (a file name), empty for a live camera.
    repeats: how many pictures directly before it the source knows to be the same, whether or not anybody saw them.
    unseen: the pixels of an earlier picture that nobody was given; a frozen camera gives the same again. None once
        the two were compared.
    arrival: of its file in a watched folder, None for any other source.
    """

    pixels: npt.NDArray[np.uint8]
    captured_at_ns: int
    number: int
    name: str = ""
    repeats: int = 0
    unseen: npt.NDArray[np.uint8] | None = None
    arrival: Arrival | None = None

    def taken_at(self, now_ns: int) -> Frame:
        """The same picture, captured at another moment."""
        return replace(self, captured_at_ns=now_ns)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of a sound, or of what a sensor measures.

    values: samples×channels float32, in real units; a sound is −1 to 1.
    rate_hz: samples per second of each channel; 0 for readings that come whenever something happens.
    captured_at_ns: monotonic nanoseconds at the moment of its last sample.
    number: counts from 1 per opening of the source.
    name: the source's own name for it (a file name), empty for a live sensor.
    first_at_ns: monotonic nanoseconds at the moment of its first sample; None: as the rate says.
    """

    values: npt.NDArray[np.float32]
    rate_hz: float
    captured_at_ns: int
    number: int
    name: str = ""
    first_at_ns: int | None = None

    def taken_at(self, now_ns: int) -> Window:
        """The same stretch, captured at another moment."""
        return Window(self.values, self.rate_hz, now_ns, self.number, self.name)

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds; 0 when its readings have no rate."""
        return len(self.values) / self.rate_hz if self.rate_hz else 0.0

    @property
    def begun_at_ns(self) -> int:
        """Monotonic nanoseconds at the moment of its first sample."""
        if self.first_at_ns is not None:
            return self.first_at_ns
        return self.captured_at_ns - int(self.duration_s * _NS_PER_S)


Subject: TypeAlias = "npt.NDArray[np.uint8] | Window"
"""What a model is asked about: the pixels of a part, H×W×3 uint8 RGB, or a window."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """What a detector found, best first.

    corners: float32 N×4: x1, y1, x2, y2 as fractions of the judged picture's width and height, within it.
    labels: intp N: index among the manifest's labels.
    scores: float32 N: 0 to 1.
    cut_at: the highest score of what was dropped because there was too much; None where nothing was.
    """

    corners: npt.NDArray[np.float32]
    labels: npt.NDArray[np.intp]
    scores: npt.NDArray[np.float32]
    cut_at: float | None = None

    def where(self, chosen: npt.NDArray[Any]) -> Boxes:
        """Those of a mask or of a list of indices."""
        return Boxes(self.corners[chosen], self.labels[chosen], self.scores[chosen], self.cut_at)

    @property
    def areas(self) -> npt.NDArray[np.float32]:
        """float32 N: share of the judged picture that each covers."""
        sides = self.corners[:, 2:] - self.corners[:, :2]
        return sides[:, 0] * sides[:, 1]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says of one input, in real units.

    values: float32 [K]: one number per label (probabilities; of a detector the best box's score, of a map of classes
        the share that it covers), or the single anomaly score. Not a number where an output of a head was none.
    heat_map: float32 h×w, larger is more suspicious; None where the model has none.
    outputs: every output tensor by name, dequantised float32, batch axis kept.
    boxes: what a detector found; None where the model is none.
    class_map: uint8 h×w: a label's index per place; None where the model gives none.
    judged: bool h×w over the heat map or the map of classes: where a mask lets a place count; None for everywhere.
    """

    values: npt.NDArray[np.float32]
    heat_map: npt.NDArray[np.float32] | None
    outputs: dict[str, npt.NDArray[Any]]
    boxes: Boxes | None = None
    class_map: npt.NDArray[np.uint8] | None = None
    judged: npt.NDArray[np.bool_] | None = None
