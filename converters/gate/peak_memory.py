"""How much memory a finished model takes where it runs, measured in a process of its own. The child is this module.

The child loads the runtime first and the model second, with the board's own backend: the difference is what the model
costs a station, its file, its packed weights and its activations, without Python and the runtime's code.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from converters.isolation.child import TIMEOUT_S, run_child, serve
from converters.isolation.scratch import scratch
from edge_contracts.errors import LeptonError
from edge_runtime.infer.backend import open_backend

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from device_profiles.board import Profile

RUNS = 3
"""Inferences in the child; the first one allocates."""

BYTES_PER_MEGABYTE = 1_000_000

_RUNTIMES = {"tflite": "edge_runtime.infer.litert", "onnx": "edge_runtime.infer.onnx"}
_STATUS = Path("/proc/self/status")
_FORGET_PEAK = "5"  # Linux, Documentation/filesystems/proc.rst: "reset the peak resident set size"


class ModelDoesNotRunError(LeptonError, RuntimeError):
    """The finished model ends or hangs the process that runs it: it must not reach a board."""


def peak_memory_bytes(model: bytes, model_format: str, timeout_s: float = TIMEOUT_S) -> int:
    """The most resident memory that loading and running a model adds to a process, in bytes.

    Args:
        model: the bytes of the file.
        model_format: `tflite` or `onnx`.
        timeout_s: how long the child may take.

    Raises:
        ModelDoesNotRunError: the child died, hung, or its runtime refused the model.
    """
    with scratch("memory") as home:
        (home / f"model.{model_format}").write_bytes(model)
        ending = run_child("converters.gate.peak_memory", home, len(model), timeout_s, (LeptonError,))
        if ending is not None:
            raise ModelDoesNotRunError(
                f"wanted to run the finished model once more in its own process, found: {ending}"
            )
        return int((home / "peak.txt").read_text("ascii"))


def memory_misfit(peak_bytes: int, profile: Profile) -> str | None:
    """The sentence for a model that alone takes more memory than the board's smallest variant has, else None."""
    if profile.memory is None or peak_bytes <= profile.memory.value * BYTES_PER_MEGABYTE:
        return None
    over = peak_bytes / BYTES_PER_MEGABYTE - profile.memory.value
    return (
        f"wanted a model that runs within the {profile.memory} of {profile.title}, found that it takes "
        f"{peak_bytes / BYTES_PER_MEGABYTE:.0f} MB, {over:.0f} MB too many"
    )


def _child(home: Path) -> None:
    path = next(home.glob("model.*"))
    import_module(_RUNTIMES[path.suffix[1:]])
    Path("/proc/self/clear_refs").write_text(_FORGET_PEAK, "ascii")
    before = _resident("RssAnon")
    backend = open_backend(path.read_bytes(), model_format=path.suffix[1:], runtime="auto", threads=1)
    for _ in range(RUNS):
        backend.run(_zeros)
    # Pages of files are the code of Python and of the runtime, in memory once for all that use it.
    peak = _resident("VmHWM") - _resident("RssFile") - before
    (home / "peak.txt").write_text(str(max(peak, 0)), "ascii")


def _zeros(buffer: npt.NDArray[np.generic]) -> None:
    buffer[...] = 0


def _resident(field: str) -> int:
    """A figure of the kernel's about this process, in bytes."""
    line = next(line for line in _STATUS.read_text("ascii").splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    serve(_child)
