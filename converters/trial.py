"""Trying candidate files in a process of their own.

XNNPACK can abort() a process that loads an unlucky model, and a kernel may never return. Neither may take the
converter with it: `try_out` starts a child, gives it minutes, and says what became of it. One child tries several
candidates, since starting it costs more than many a model; where one kills it, the next child goes on behind that one.
The child is this module.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from converters.execute import Kernels, run_all
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed

    Answers = list[list[npt.NDArray[Any]]]

TIMEOUT_S = 300.0
"""How long a child may take to run all feeds of one candidate with both kernels."""

_MODEL, _FEEDS, _ANSWERS = "model.tflite", "feeds.npz", "answers.npz"


class CandidateFailedError(LeptonError, RuntimeError):
    """A candidate file aborts, hangs or does not load: it must not reach a board."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The outputs of each feed, in the model's order and stored dtype, with either arithmetic."""

    xnnpack: Answers
    reference: Answers


def try_out(content: bytes, feeds: Sequence[Feed], timeout_s: float = TIMEOUT_S) -> Trial:
    """Load and run a TFLite file in a child process, with XNNPACK and with reference kernels.

    Raises:
        CandidateFailedError: the child died, hung or refused the file.
    """
    (result,) = try_out_all([(content, feeds)], timeout_s)
    if isinstance(result, CandidateFailedError):
        raise result
    return result


def try_out_all(
    candidates: Sequence[tuple[bytes, Sequence[Feed]]], timeout_s: float = TIMEOUT_S
) -> list[Trial | CandidateFailedError]:
    """`try_out` for several files and their feeds: what became of each, in order."""
    with TemporaryDirectory(prefix="lepton-trial-") as folder:
        homes = [Path(folder) / f"{place:04}" for place in range(len(candidates))]
        for home, (content, feeds) in zip(homes, candidates, strict=True):
            _lay_out(home, content, feeds)
        failures: dict[Path, CandidateFailedError] = {}
        while open_homes := [home for home in homes if home not in failures and not (home / _ANSWERS).exists()]:
            failure = _run_child(open_homes, timeout_s * len(open_homes))
            silent = [home for home in open_homes if not (home / _ANSWERS).exists()]
            if failure is not None or silent:
                stopped_at = silent[0] if silent else open_homes[-1]
                failures[stopped_at] = failure or CandidateFailedError("the int8 model ended the runtime in silence")
        return [
            failures[home] if home in failures else _answers(home, len(feeds))
            for home, (_, feeds) in zip(homes, candidates, strict=True)
        ]


def _lay_out(home: Path, content: bytes, feeds: Sequence[Feed]) -> None:
    home.mkdir()
    (home / _MODEL).write_bytes(content)
    named = {f"{place}|{name}": value for place, feed in enumerate(feeds) for name, value in feed.items()}
    np.savez(home / _FEEDS, **cast(dict[str, Any], named))


def _run_child(homes: Sequence[Path], timeout_s: float) -> CandidateFailedError | None:
    """Why the child did not finish, or None."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "converters.trial", *map(str, homes)]
    try:
        child = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        failure = CandidateFailedError(f"the int8 model did not finish within {timeout_s:.0f} s; keep more in float")
        failure.__cause__ = error
        return failure
    if child.returncode == 0:
        return None
    ending = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
    last = (child.stderr.strip().splitlines() or ["no message"])[-1]
    return CandidateFailedError(f"the int8 model made the runtime end with {ending}: {last}")


def _answers(home: Path, feeds: int) -> Trial:
    with np.load(home / _ANSWERS) as answers:
        return Trial(*(_unpack(answers, kernels, feeds) for kernels in Kernels))


def _unpack(answers: Any, kernels: Kernels, count: int) -> Answers:
    names = [name for name in answers.files if name.startswith(f"{kernels.value}|0|")]
    return [[answers[f"{kernels.value}|{place}|{output}"] for output in range(len(names))] for place in range(count)]


def _child(home: Path) -> None:
    content = (home / _MODEL).read_bytes()
    feeds: dict[int, dict[str, npt.NDArray[Any]]] = {}
    with np.load(home / _FEEDS) as stored:
        for key in stored.files:
            place, name = key.split("|", 1)
            feeds.setdefault(int(place), {})[name] = stored[key]
    answers = {
        f"{kernels.value}|{place}|{output}": value
        for kernels in Kernels
        for place, values in enumerate(run_all(content, [feeds[place] for place in sorted(feeds)], kernels))
        for output, value in enumerate(values)
    }
    written = home / f"part-{_ANSWERS}"
    np.savez(written, **cast(dict[str, Any], answers))
    # Whole or absent: a child that is killed while it writes has not answered.
    written.rename(home / _ANSWERS)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        _child(Path(argument))
