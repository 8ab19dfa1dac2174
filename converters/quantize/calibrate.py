"""What each activation of a float model is like: its extremes, its histogram and its mean over real inputs.

The model runs once over the samples with TensorFlow Lite's portable kernels, every tensor kept, on two threads. Which
thread takes which sample is fixed and nothing is random: the same samples give the same observations on any number of
cores.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import gcd
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.quantize.histogram import GrowingHistogram
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph

BINS = 2048
"""Bins of a histogram: eight per step of an int8 tensor that uses the whole range."""

VALUES_PER_SAMPLE = 16384
"""At most about so many values of a tensor and sample enter its histogram."""

PADDING = 1e30
"""Beyond this a value is padding that a maximum is to ignore, not signal."""

LANES = 2
"""Threads that run the model. The sums depend on it, so it is the same on every machine."""

_FLOAT = np.dtype("f4")


@dataclass(frozen=True, slots=True)
class Observation:
    """One activation over all samples.

    lowest, highest: the extremes of its values, padding left out.
    histogram: `BINS` counts, of equal width from lowest to highest.
    mean: the mean over samples, float64, in the tensor's shape.
    """

    lowest: float
    highest: float
    histogram: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]


def observe(
    graph: Graph, feeds: Sequence[Feed], progress: Callable[[float], None] = lambda _: None
) -> dict[str, Observation]:
    """Observe every float activation of a prepared float graph, its inputs included.

    Args:
        graph: the float graph.
        feeds: the inputs of at least one run, by tensor name.
        progress: told the fraction done, 0 to 1.

    Raises:
        BadInputError: the model gives NaN or infinity for one of them.
    """
    names = [tensor.name for tensor in graph.tensors.values() if tensor.data is None and tensor.dtype == _FLOAT]
    content = write_tflite(graph)
    told = _Counter(len(feeds), progress)
    places = [range(lane, len(feeds), LANES) for lane in range(min(LANES, len(feeds)))]
    stop = Event()
    with ThreadPoolExecutor(len(places), "lepton-calibrate") as pool:
        try:
            running = [pool.submit(_run_lane, content, names, feeds, own, stop, told) for own in places]
            lanes = [future.result() for future in running]
        finally:
            stop.set()
    return {name: _joined([lane.pop(name) for lane in lanes], len(feeds)) for name in names}


@dataclass(slots=True)
class _Activation:
    """What one lane has seen of one tensor; `total` is the sum over its samples."""

    lowest: float = np.inf
    highest: float = -np.inf
    histogram: GrowingHistogram = field(default_factory=GrowingHistogram)
    total: npt.NDArray[np.float32] | None = None

    def add(self, name: str, place: int, value: npt.NDArray[Any]) -> None:
        lowest, highest = (float(value.min()), float(value.max())) if value.size else (0.0, 0.0)
        # A NaN anywhere is the minimum and the maximum.
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            raise BadInputError(
                f"the float model gives NaN or infinity in {name!r} for sample {place}; mend the model first"
            )
        thinned = _thin(value)
        if max(-lowest, highest) >= PADDING:
            thinned = thinned[np.abs(thinned) < PADDING]
            signal = value[np.abs(value) < PADDING]
            lowest, highest = float(signal.min(initial=np.inf)), float(signal.max(initial=-np.inf))
            value = np.where(np.abs(value) < PADDING, value, np.float32(0))
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        self.histogram.add(thinned)
        if self.total is None:
            self.total = np.zeros(value.shape, np.float32)
        self.total += value


def _run_lane(
    content: bytes, names: Sequence[str], feeds: Sequence[Feed], places: range, stop: Event, told: _Counter
) -> dict[str, _Activation]:
    """One thread's work: its own interpreter, its own samples, its own findings."""
    session = Session(content, Kernels.REFERENCE, keep_all=True)
    seen = {name: _Activation() for name in names}
    for place in places:
        if stop.is_set():
            break
        session.run(feeds[place])
        for name, activation in seen.items():
            activation.add(name, place, session.value(name))
        told.add_one()
    return seen


class _Counter:
    """Samples done by all lanes, told as a fraction that only grows."""

    def __init__(self, count: int, progress: Callable[[float], None]) -> None:
        self._count, self._progress = count, progress
        self._done = 0
        self._lock = Lock()

    def add_one(self) -> None:
        with self._lock:
            self._done += 1
            self._progress(self._done / self._count)


def _joined(parts: Sequence[_Activation], samples: int) -> Observation:
    """The lanes' findings as one, summed in the order of the lanes."""
    lowest, highest = min(part.lowest for part in parts), max(part.highest for part in parts)
    if lowest > highest:  # nothing but padding
        lowest = highest = 0.0
    histogram = GrowingHistogram()
    for part in parts:
        histogram.merge(part.histogram)
    mean = sum(np.asarray(part.total, np.float64) for part in parts) / samples
    return Observation(lowest, highest, histogram.counts(BINS, lowest, highest), np.asarray(mean))


def _thin(value: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """About `VALUES_PER_SAMPLE` values, taken with a stride that visits every channel."""
    channels = value.shape[-1] if value.ndim else 1
    stride = max(1, value.size // VALUES_PER_SAMPLE)
    while gcd(stride, channels) > 1:
        stride += 1
    return value.reshape(-1)[::stride].astype(np.float64)
