"""What each activation of a float model is like: its extremes, its histogram and its mean over real inputs.

The model runs once over the samples with XNNPACK, every activation an output, on two threads. Which thread takes which
sample is fixed and nothing is random: the same samples give the same observations on any number of cores.

It runs in the converter's own process. A child has run the network before (`converters.load.opening`), with its own
outputs alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Session
from converters.quantize.activation import Activation
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize.activation import Observation

    Hear = Callable[[int, Callable[[str], npt.NDArray[Any]]], None]

LANES = 2
"""Threads that run the model. The sums depend on it, so it is the same on every machine."""

_FLOAT = np.dtype("f4")


def observe(
    graph: Graph,
    feeds: Sequence[Feed],
    progress: Callable[[float], None] = lambda _: None,
    hear: Hear = lambda _place, _value: None,
) -> dict[str, Observation]:
    """Observe every float activation of a prepared float graph, its inputs included.

    Args:
        graph: the float graph.
        feeds: the inputs of at least one run, by tensor name.
        progress: told the fraction done, 0 to 1.
        hear: told each feed's place and where to get values by name, by one of the threads, before it runs the next.

    Raises:
        BadInputError: the model gives NaN or infinity for one of them.
    """
    names = [tensor.name for tensor in graph.tensors.values() if tensor.data is None and tensor.dtype == _FLOAT]
    content = write_tflite(replace(graph, outputs=[name for name in names if name not in graph.inputs]))
    told = _Counter(len(feeds), progress)
    places = [range(lane, len(feeds), LANES) for lane in range(min(LANES, len(feeds)))]
    stop = Event()
    with ThreadPoolExecutor(len(places), "lepton-calibrate") as pool:
        try:
            running = [pool.submit(_run_lane, content, names, feeds, own, stop, told, hear) for own in places]
            lanes = [future.result() for future in running]
        finally:
            stop.set()
    first, *others = lanes
    return {name: first.pop(name).observation([lane.pop(name) for lane in others]) for name in names}


def _run_lane(
    content: bytes, names: Sequence[str], feeds: Sequence[Feed], places: range, stop: Event, told: _Counter, hear: Hear
) -> dict[str, Activation]:
    """One thread's work: its own interpreter, its own samples, its own findings."""
    session = Session(content)
    seen = {name: Activation(name, len(feeds)) for name in names}
    for place in places:
        if stop.is_set():
            break
        feed = feeds[place]
        session.run(feed)
        for name, activation in seen.items():
            activation.add(place, feed[name] if name in feed else session.view(name))
        hear(place, session.value)
        told.add_one()
    for activation in seen.values():
        activation.histogram()
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
