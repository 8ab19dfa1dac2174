"""ONNX Runtime: Jetson (TensorRT and CUDA providers) and x86."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.silent_onnxruntime import import_onnxruntime
from edge_runtime.infer.unsound import UNSOUND_FUSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

ort = import_onnxruntime()

_ERRORS_ONLY = 3
"""ONNX Runtime's severity; its warnings speak to the model's exporter, not to a station."""

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}

_EXACT_SUMS = "session.x64quantprecision"
"""Without it ONNX Runtime adds two products of uint8 and int8 in 16 bits on an x86 processor without VNNI, where they
saturate: the same file answers otherwise than on any other processor. With it ONNX Runtime 1.32 fails there on a model
in which two layers read one weight. docs/decisions/234-int8-sums-are-exact.md"""

BUILTIN = "builtin"

_REMOTE = "AzureExecutionProvider"
"""Stands in the list of the ordinary CPU wheel and runs no model on the board."""

_log = logging.getLogger(__name__)


class OnnxBackend:
    """One session; its input buffer is allocated once.

    Args:
        session: an open session with one input of static shape.
        kernels: `builtin`; else the kernels go by the name of the provider that runs.
    """

    runtime = "onnx"

    def __init__(self, session: Any, kernels: str = "default") -> None:
        inputs = session.get_inputs()
        if len(inputs) != 1:
            raise BackendError(f"wanted a model with one input, found {len(inputs)}; export it with a single input")
        shape = [size if isinstance(size, int) else 1 for size in inputs[0].shape]
        if inputs[0].type not in _DTYPES:
            raise BackendError(f"wanted an input of {', '.join(_DTYPES)}, found {inputs[0].type}")
        self.version = str(ort.__version__)
        self.kernels = BUILTIN if kernels == BUILTIN else session.get_providers()[0]
        self._session: Any = session
        self._name: str = inputs[0].name
        self._buffer: npt.NDArray[Any] = np.zeros(shape, _DTYPES[inputs[0].type])
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, fill: Callable[[npt.NDArray[Any]], None]) -> dict[str, npt.NDArray[Any]]:
        """See `Backend.run`."""
        fill(self._buffer)
        try:
            values = self._session.run(self._outputs, {self._name: self._buffer})
        except Exception as error:  # onnxruntime's errors share no public base class
            raise BackendError(f"onnxruntime {self.version} failed while running the model: {error}") from error
        return dict(zip(self._outputs, values, strict=True))

    def close(self) -> None:
        """Free the session."""
        self._session = None


def open_backend(model: bytes, *, threads: int, kernels: str) -> OnnxBackend:
    """Load an ONNX model with the best provider that this installation has.

    Args:
        model: the ONNX file's bytes.
        threads: threads inside one operator.
        kernels: `default`, or `builtin` for the CPU provider alone, node by node as the file has them.

    Raises:
        BackendError: ONNX Runtime refuses the model.
    """
    providers = ["CPUExecutionProvider"] if kernels == BUILTIN else _providers_here()
    session = _node_by_node(model, threads, providers) if kernels == BUILTIN else _fused(model, threads, providers)
    _tell(providers, session.get_providers())
    return OnnxBackend(session, kernels)


def _node_by_node(model: bytes, threads: int, providers: list[str]) -> Any:
    """Quantised pairs round around float operators: the meaning that every provider's int8 kernels approach."""
    return _session(model, threads, providers, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)


def _fused(model: bytes, threads: int, providers: list[str]) -> Any:
    """With every optimisation; where one of them fails, with those alone that leave int8 pairs unfused."""
    levels = ort.GraphOptimizationLevel
    try:
        return _session(model, threads, providers, levels.ORT_ENABLE_ALL)
    except BackendError as error:
        try:
            session = _session(model, threads, providers, levels.ORT_ENABLE_BASIC)
        except BackendError:
            raise error from error.__cause__
        _log.warning("%s; it runs unfused, as exact and slower; convert it again", error)
        return session


def _session(model: bytes, threads: int, providers: list[str], level: Any) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = level
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(_EXACT_SUMS, "1")
    try:
        return ort.InferenceSession(model, options, providers=providers, disabled_optimizers=list(UNSOUND_FUSIONS))
    except Exception as error:  # onnxruntime's errors share no public base class
        raise BackendError(f"wanted a model that onnxruntime {ort.__version__} can run, found: {error}") from error


def _providers_here() -> list[str]:
    return [name for name in ort.get_available_providers() if name != _REMOTE]


def _tell(offered: list[str], running: list[str]) -> None:
    """ONNX Runtime leaves out a provider that cannot start, and runs on the next one, without an error."""
    if running[:1] == offered[:1]:
        _log.info("onnxruntime %s runs on %s", ort.__version__, running[0])
    else:
        _log.warning(
            "onnxruntime %s: wanted %s, found it running on %s; check the driver and the libraries of the first",
            ort.__version__,
            ", ".join(offered),
            ", ".join(running),
        )
