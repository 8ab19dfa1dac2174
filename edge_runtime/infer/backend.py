"""What a runtime must be able to do, and the table that names them.

Choosing is explicit: a runtime that was asked for and is missing is an error that names the extra to install. Probing a
runtime means building an interpreter, because an import can succeed where `Interpreter()` does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from edge_contracts.errors import BadInputError, LeptonError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt


class BackendError(LeptonError, RuntimeError):
    """The runtime could not load or run the model."""


class Backend(Protocol):
    """One loaded model.

    runtime: `litert`, `tflite` or `onnx`.
    version: the runtime's own version.
    kernels: which implementation runs: `xnnpack`, the name of ONNX Runtime's provider, or `builtin`.
    """

    runtime: str
    version: str
    kernels: str

    def run(self, fill: Callable[[npt.NDArray[Any]], None]) -> dict[str, npt.NDArray[Any]]:
        """Let `fill` write the model's input buffer, run, and return every output tensor by name (copies, raw dtype).

        Raises:
            BackendError: the runtime failed.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class BackendOpener(Protocol):
    """What each runtime's module offers as `open_backend`."""

    def __call__(self, model: bytes, *, threads: int, kernels: str) -> Backend:
        """Load `model`; `kernels` is `default` or `builtin` (no accelerating delegate)."""
        ...


RUNTIMES: dict[str, tuple[str, ...]] = {"tflite": ("litert", "tflite"), "onnx": ("onnx",)}
"""Which runtimes can run which model format, best first."""

_MODULES = {
    "litert": "edge_runtime.infer.litert",
    "tflite": "edge_runtime.infer.tflite",
    "onnx": "edge_runtime.infer.onnx",
}


def open_backend(model: bytes, *, model_format: str, runtime: str, threads: int, kernels: str = "default") -> Backend:
    """Load a model with the runtime that was asked for, or with `auto` the first installed one that can run it.

    Args:
        model: the model file's bytes.
        model_format: `tflite` or `onnx`.
        runtime: `auto`, `litert`, `tflite` or `onnx`.
        threads: how many threads the runtime may use.
        kernels: `default`, or `builtin` for the runtime's own kernels without a delegate.

    Raises:
        BadInputError: the runtime cannot run this format.
        MissingExtraError: the runtime is not installed.
        BackendError: the runtime refused the model.
    """
    able = RUNTIMES[model_format]
    if runtime == "auto":
        return _open_first(able, model, threads, kernels)
    if runtime not in able:
        raise BadInputError(
            f"wanted a runtime for {model_format} ({' or '.join(able)}), found {runtime!r} asked for; ask for one of "
            "these, or for 'auto'"
        )
    return _opener(runtime)(model, threads=threads, kernels=kernels)


def _open_first(able: tuple[str, ...], model: bytes, threads: int, kernels: str) -> Backend:
    for name in able:
        try:
            opener = _opener(name)
        except MissingExtraError:
            continue
        return opener(model, threads=threads, kernels=kernels)
    extras = " or ".join(f"pip install 'lepton-edge[{name}]'" for name in able)
    raise MissingExtraError(f"wanted a runtime for this model, found none of {', '.join(able)} installed; {extras}")


def _opener(name: str) -> BackendOpener:
    try:
        return cast(BackendOpener, import_module(_MODULES[name]).open_backend)
    except ImportError as error:
        raise MissingExtraError(
            f"wanted the runtime {name!r}, found it not installed ({error}); pip install 'lepton-edge[{name}]'"
        ) from error
