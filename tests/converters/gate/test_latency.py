"""Models are timed in turns, often where they are quick and seldom where they are slow."""

import numpy as np
import pytest

from converters.calibration.samples import Sample
from converters.gate.latency import LEAST_RUNS, MOST_RUNS, WARM_UP_RUNS, median_ms

SAMPLE = Sample(np.zeros(1, np.float32), "drawn")


class Timed:
    """A model whose runs move a clock by as much as it is told, the first by a hundred times more."""

    def __init__(self, clock, ms):
        self.clock, self.ms, self.runs = clock, ms, 0

    def stored(self, values):
        return values

    def predict_tensor(self, _values):
        self.runs += 1
        self.clock.now += int(self.ms * 1e6) * (100 if self.runs == 1 else 1)


class Clock:
    now = 0

    def __call__(self):
        return self.now


def timed(*ms):
    clock = Clock()
    models = [Timed(clock, one) for one in ms]
    return median_ms(models, SAMPLE, clock=clock), [model.runs for model in models]


def test_each_model_has_its_own_median_without_the_first_runs():
    medians, runs = timed(2.0, 0.5)
    assert medians == pytest.approx([2.0, 0.5])
    assert runs[0] == runs[1]


def test_quick_models_run_as_often_as_may_be_and_slow_ones_as_little():
    assert timed(0.01)[1] == [WARM_UP_RUNS + MOST_RUNS]
    assert timed(500.0)[1] == [WARM_UP_RUNS + LEAST_RUNS]


def test_progress_ends_at_the_whole():
    told = []
    clock = Clock()
    median_ms([Timed(clock, 500.0)], SAMPLE, told.append, clock)
    assert told[-1] == 1
    assert told == sorted(told)
