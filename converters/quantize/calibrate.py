"""What each activation of a float model is like: its extremes, its histogram and its mean over real inputs.

The model runs twice over the samples with TensorFlow Lite's reference kernels, every tensor kept: once for extremes and
means, once for histograms between the extremes. Nothing is random: the same samples give the same observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph

BINS = 2048
"""Bins of a histogram: eight per step of an int8 tensor that uses the whole range."""

VALUES_PER_SAMPLE = 16384
"""At most about so many values of a tensor and sample enter its histogram."""

PADDING = 1e30
"""Beyond this a value is padding that a maximum is to ignore, not signal."""

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
    session = Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)
    extremes, means = _extremes_and_means(session, names, feeds, progress)
    histograms = {name: np.zeros(BINS, np.int64) for name in names}
    for place, name, value in _values(session, names, feeds):
        histograms[name] += _histogram(value, *extremes[name])
        progress((1 + (place + 1) / len(feeds)) / 2)
    return {name: Observation(*extremes[name], histograms[name], means[name]) for name in names}


def _extremes_and_means(
    session: Session, names: list[str], feeds: Sequence[Feed], progress: Callable[[float], None]
) -> tuple[dict[str, tuple[float, float]], dict[str, npt.NDArray[np.float64]]]:
    extremes = dict.fromkeys(names, (np.inf, -np.inf))
    means: dict[str, npt.NDArray[np.float64]] = {}
    for place, name, value in _values(session, names, feeds):
        _refuse_broken(name, place, value)
        signal = value if np.abs(value, dtype=np.float64).max(initial=0) < PADDING else value[np.abs(value) < PADDING]
        lowest, highest = extremes[name]
        extremes[name] = (float(signal.min(initial=lowest)), float(signal.max(initial=highest)))
        means[name] = means.get(name, np.zeros(value.shape)) + value / len(feeds)
        progress((place + 1) / len(feeds) / 2)
    return {name: pair if pair[0] <= pair[1] else (0.0, 0.0) for name, pair in extremes.items()}, means


def _values(session: Session, names: list[str], feeds: Sequence[Feed]) -> Iterator[tuple[int, str, npt.NDArray[Any]]]:
    for place, feed in enumerate(feeds):
        session.run(feed)
        for name in names:
            yield place, name, session.value(name)


def _refuse_broken(name: str, place: int, value: npt.NDArray[Any]) -> None:
    if not np.isfinite(value).all():
        raise BadInputError(
            f"the float model gives NaN or infinity in {name!r} for sample {place}; mend the model first"
        )


def _histogram(value: npt.NDArray[Any], lowest: float, highest: float) -> npt.NDArray[np.int64]:
    thinned = _thin(value)
    thinned = thinned[np.abs(thinned) < PADDING]
    bins = (thinned - lowest) * (BINS / (highest - lowest if highest > lowest else 1.0))
    return np.bincount(np.clip(bins, 0, BINS - 1).astype(np.int64), minlength=BINS)


def _thin(value: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """About `VALUES_PER_SAMPLE` values, taken with a stride that visits every channel."""
    channels = value.shape[-1] if value.ndim else 1
    stride = max(1, value.size // VALUES_PER_SAMPLE)
    while gcd(stride, channels) > 1:
        stride += 1
    return value.reshape(-1)[::stride].astype(np.float64)
