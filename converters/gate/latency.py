"""How long one inference takes on this machine: the figure for the card, measured anew in each conversion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.calibration.samples import Sample
    from edge_runtime.infer.predictor import Predictor

WARM_UP_RUNS = 3
MOST_RUNS = 31
LEAST_RUNS = 9
"""A median of so many is not moved by a few interruptions."""

ENOUGH_S = 0.25
"""Models that take long are not run more often than `LEAST_RUNS` beyond this."""


def median_ms(
    models: Sequence[Predictor],
    sample: Sample,
    progress: Callable[[float], None] = lambda _done: None,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> list[float]:
    """Median milliseconds of one inference of each model, one thread, input already prepared.

    The models take turns, so that a machine that slows down slows all of them.

    Args:
        models: what to run.
        sample: the input.
        progress: told the fraction that is done.
        clock: nanoseconds, never going back.
    """
    pixels = sample.pixels
    stored = [model.stored(sample.values if pixels is None else pixels) for model in models]
    times: list[list[int]] = [[] for _ in models]
    begin = clock()
    for turn in range(WARM_UP_RUNS + MOST_RUNS):
        for model, values, taken in zip(models, stored, times, strict=True):
            before = clock()
            model.predict_tensor(values)
            taken.append(clock() - before)
        progress((turn + 1) / (WARM_UP_RUNS + MOST_RUNS))
        if turn + 1 >= WARM_UP_RUNS + LEAST_RUNS and clock() - begin > ENOUGH_S * 1e9:
            break
    progress(1.0)
    return [float(np.median(taken[WARM_UP_RUNS:])) / 1e6 for taken in times]
