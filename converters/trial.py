"""Trying a candidate file in a process of its own.

XNNPACK can abort() a process that loads an unlucky model, and a kernel may never return. Neither may take the
converter with it: `try_out` starts a child, gives it a minute, and says what became of it. The child is this module.
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
"""How long a child may take to run all feeds with both kernels."""


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
    with TemporaryDirectory(prefix="lepton-trial-") as folder:
        home = Path(folder)
        (home / "model.tflite").write_bytes(content)
        named = {f"{place}|{name}": value for place, feed in enumerate(feeds) for name, value in feed.items()}
        np.savez(home / "feeds.npz", **cast(dict[str, Any], named))
        _run_child(home, timeout_s)
        with np.load(home / "answers.npz") as answers:
            return Trial(*(_unpack(answers, kernels, len(feeds)) for kernels in Kernels))


def _run_child(home: Path, timeout_s: float) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "converters.trial", str(home)]
    try:
        child = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise CandidateFailedError(
            f"the int8 model did not finish within {timeout_s:.0f} s; keep more in float"
        ) from error
    if child.returncode:
        ending = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise CandidateFailedError(f"the int8 model made the runtime end with {ending}: {last}")


def _unpack(answers: Any, kernels: Kernels, count: int) -> Answers:
    names = [name for name in answers.files if name.startswith(f"{kernels.value}|0|")]
    return [[answers[f"{kernels.value}|{place}|{output}"] for output in range(len(names))] for place in range(count)]


def _child(home: Path) -> None:
    content = (home / "model.tflite").read_bytes()
    feeds: dict[int, dict[str, npt.NDArray[Any]]] = {}
    with np.load(home / "feeds.npz") as stored:
        for key in stored.files:
            place, name = key.split("|", 1)
            feeds.setdefault(int(place), {})[name] = stored[key]
    answers = {
        f"{kernels.value}|{place}|{output}": value
        for kernels in Kernels
        for place, values in enumerate(run_all(content, [feeds[place] for place in sorted(feeds)], kernels))
        for output, value in enumerate(values)
    }
    np.savez(home / "answers.npz", **cast(dict[str, Any], answers))


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
