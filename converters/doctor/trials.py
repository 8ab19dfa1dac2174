"""Many models run over the same inputs in one child process, which any of them may end without ending the search.

Starting a process costs more than a run of a small model, so a batch shares one; when a model takes it down, the next
child goes on after that model.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.doctor.proving import FEEDS, TIMES, WISHES, write_feeds
from converters.isolation.child import run_child
from converters.isolation.scratch import scratch
from converters.isolation.trial import CandidateFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from converters.execute import Feed

    Outputs = list[npt.NDArray[Any]]
    """One array per output, the feeds along its first axis, in its stored dtype."""

TIMEOUT_S = 600.0
"""For one batch: a hundred models of ten milliseconds over a hundred inputs take two minutes."""


def run_batch(models: Sequence[bytes], feeds: Sequence[Feed]) -> list[Outputs | None]:
    """The outputs of each model with XNNPACK's kernels; None for one that ends the process or does not load."""
    with scratch("doctor") as folder:
        home = _furnished(folder, models, feeds, turns=0)
        failed: set[str] = set()
        while not _is_finished(home, len(models), failed):
            ending = run_child("converters.doctor.proving", home, _size(models), TIMEOUT_S)
            if ending is None:
                break
            failed.add(_culprit(home, ending))
        return [_read(home / f"{number}.npz") for number in range(len(models))]


def time_in_turns(models: Sequence[bytes], feeds: Sequence[Feed], turns: int) -> list[float]:
    """Median milliseconds of one inference of each model: XNNPACK, one thread, this machine, the models taking turns.

    Args:
        models: the files.
        feeds: one for each model: a model whose first operator is float may take what the others do not.
        turns: runs of each.

    Raises:
        CandidateFailedError: one of them ends the process; time only what `run_batch` ran.
    """
    with scratch("doctor") as folder:
        home = _furnished(folder, models, feeds, turns)
        ending = run_child("converters.doctor.proving", home, _size(models), TIMEOUT_S)
        if ending is not None:
            raise CandidateFailedError(f"wanted to time models that ran before, found that {ending}; run it again")
        times = json.loads((home / TIMES).read_text("utf-8"))
    return [float(np.median(taken)) / 1e6 for taken in times]


def _furnished(home: Path, models: Sequence[bytes], feeds: Sequence[Feed], turns: int) -> Path:
    for number, content in enumerate(models):
        (home / f"{number}.tflite").write_bytes(content)
    write_feeds(home / FEEDS, list(feeds))
    (home / WISHES).write_text(json.dumps(turns), "utf-8")
    return home


def _size(models: Sequence[bytes]) -> int:
    return sum(len(content) for content in models)


def _is_finished(home: Path, count: int, failed: set[str]) -> bool:
    return all((home / f"{number}.npz").exists() or str(number) in failed for number in range(count))


def _culprit(home: Path, ending: str) -> str:
    """The number of the model that took the child with it; its file goes, so that the next child passes it by."""
    running = home / "running"
    if not running.exists():
        raise CandidateFailedError(f"wanted a child process that runs models, found that {ending}; run it again")
    number = running.read_text("utf-8")
    (home / f"{number}.tflite").unlink()
    running.unlink()
    return number


def _read(path: Path) -> Outputs | None:
    if not path.exists():
        return None
    with np.load(path) as answers:
        return [answers[str(place)] for place in range(len(answers.files))]
