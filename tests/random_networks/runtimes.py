"""tflite-runtime in a child process that outlives many models: it lives in another environment than LiteRT."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.isolation.trial import CandidateFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Array = np.ndarray[Any, Any]
    Answers = list[list[Array]]

SERVER = Path(__file__).with_name("serve.py")


class Runtime:
    """One child; a model that kills it is reported, and the next model gets a new child.

    Args:
        python: the interpreter of the environment that has the runtime.
        kernels: a member of the runtime's `OpResolverType`.
    """

    def __init__(self, python: str, kernels: str = "AUTO") -> None:
        self._command = [python, str(SERVER), kernels]
        self._child: subprocess.Popen[str] | None = None
        self.starts = 0

    def run(self, content: bytes, feeds: Sequence[Mapping[str, Array]]) -> Answers:
        """The outputs per feed and output.

        Raises:
            CandidateFailedError: the runtime died of the model, or refused it.
        """
        with TemporaryDirectory(prefix="lepton-runtime-") as folder:
            home = Path(folder)
            (home / "model.tflite").write_bytes(content)
            np.savez(
                home / "feeds.npz",
                **{f"{place}|{name}": feed[name] for place, feed in enumerate(feeds) for name in feed},
            )
            said = self._ask(str(home))
            if said != "done":
                raise CandidateFailedError(said)
            return _answers(home / "answers.npz", len(feeds))

    def close(self) -> None:
        if self._child is not None:
            self._child.communicate()
            self._child = None

    def _ask(self, line: str) -> str:
        if self._child is None:
            self._child = subprocess.Popen(self._command, text=True, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL)
            self.starts += 1
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with suppress(BrokenPipeError):  # what it died of is in its return code
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
        said = self._child.stdout.readline().strip()
        if said:
            return said
        self._child.stdout.close()
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.wait()
        ending, self._child = self._child.returncode, None
        return f"the runtime ended with {ending}"


def _answers(path: Path, count: int) -> Answers:
    with np.load(path) as stored:
        outputs = sum(name.startswith("0|") for name in stored.files)
        return [[stored[f"{place}|{output}"] for output in range(outputs)] for place in range(count)]
