"""`make bench-quantize`: the MLPerf Tiny models quantised here beside the benchmark's own int8 files.

Bytes, agreement with the float model on the same inputs, and the time of one inference, XNNPACK on one thread: the
files take turns, so that whatever else the machine does falls on all, and the least of many rounds counts. Also what
each remedy costs. The folder of real data is `LEPTON_DATA`, `../shared/data` by default.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.isolation.trial import TrialChild
from converters.quantize import Recipe, Workbench, quantize
from converters.quantize.feeds import as_feeds
from converters.quantize.prepare import prepare
from converters.tflite import read_tflite
from tests.fakes.mlperf_tiny import answers, mlperf_tiny, stored

if TYPE_CHECKING:
    from tests.fakes.mlperf_tiny import Task

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
ROUNDS = 400
REMEDIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "equalise": {"equalise": True},
    "measured bias": {"measured_bias": True},
    "second order": {"rounding": "second-order"},
}


def main() -> None:
    """Print a row per model."""
    print(f"seconds are those of the whole search, then of one graph with: {', '.join(REMEDIES)}")
    for task in mlperf_tiny(DATA):
        started = time.perf_counter()
        ours = quantize(read_tflite(task.original), task.calibration, task.recipe).content
        search_s = time.perf_counter() - started
        before, after = (_agreement(task, content) for content in (task.reference, ours))
        before_ms, after_ms = _taking_turns(task, [task.reference, ours])
        print(
            f"{task.name}: {len(task.reference)} B reference, {len(ours)} B ours; as float {before:.1%}, {after:.1%};"
        )
        print(f"  {before_ms:.4f} ms, {after_ms:.4f} ms ({after_ms / before_ms:.3f} x); ", end="")
        print(f"{search_s:.1f} s, {', '.join(_costs(task))} s")


def _agreement(task: Task, content: bytes) -> float:
    """Share of inputs with float's class; of an autoencoder, 1 - the relative shift of its score."""
    before, after = (answers(one, task.inputs, Kernels.XNNPACK) for one in (task.original, content))
    if task.name != "anomaly":
        return float(np.mean(before.argmax(axis=1) == after.argmax(axis=1)))
    scores = [float(np.square(one - np.concatenate(task.inputs)).mean()) for one in (before, after)]
    return 1 - abs(scores[1] / scores[0] - 1)


def _taking_turns(task: Task, contents: list[bytes]) -> list[float]:
    """The least time of one inference, ms, for each file."""
    sessions = [(Session(content), stored(read_tflite(content), task.inputs[0])) for content in contents]
    least = [np.inf] * len(contents)
    for turn in range(ROUNDS):
        for place, (session, feed) in sorted(enumerate(sessions), reverse=bool(turn % 2)):
            started = time.perf_counter()
            session.run(feed)
            least[place] = min(least[place], time.perf_counter() - started)
    return [1000 * seconds for seconds in least]


def _costs(task: Task) -> list[str]:
    """Seconds that each remedy's graph takes, calibration apart."""
    prepared = prepare(read_tflite(task.original))
    with closing(TrialChild()) as child:
        bench = Workbench(prepared, as_feeds(prepared, task.calibration), child)
        bench.integer_graph(Recipe(ranges=("mse",), input=task.recipe.input))
        seconds = []
        for choices in REMEDIES.values():
            started = time.perf_counter()
            bench.integer_graph(Recipe(ranges=("mse",), input=task.recipe.input, **choices))
            seconds.append(f"{time.perf_counter() - started:.2f}")
    return seconds


if __name__ == "__main__":
    main()
