"""tflite-runtime: where that is what the board has (Python ≤ 3.11, numpy < 2)."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from tflite_runtime.interpreter import Interpreter, OpResolverType

from edge_contracts.errors import MissingExtraError
from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.delegate_notice import give_notice_unseen
from edge_runtime.infer.interpreter import FAULTS, InterpreterBackend, refusal

_NUMPY_MAJOR = 2
_RESOLVERS = {
    "default": (OpResolverType.BUILTIN, "xnnpack"),
    "builtin": (OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, "builtin"),
}


def open_backend(model: bytes, *, threads: int, kernels: str) -> InterpreterBackend:
    """Load a TFLite model.

    Raises:
        MissingExtraError: numpy 2 is installed, with which tflite-runtime imports but cannot build an interpreter.
        BackendError: tflite-runtime refuses the model.
    """
    if int(np.__version__.split(".")[0]) >= _NUMPY_MAJOR:
        raise MissingExtraError(
            f"wanted numpy < 2 for tflite-runtime, found numpy {np.__version__}; pip install 'lepton-edge[tflite]'"
        )
    resolver, kernel_name = _RESOLVERS[kernels]
    found = version("tflite-runtime")
    if kernels == "default":
        give_notice_unseen(Interpreter, resolver)
    try:
        interpreter = Interpreter(model_content=model, num_threads=threads, experimental_op_resolver_type=resolver)
    except FAULTS as error:
        raise BackendError(refusal("tflite-runtime", found, error)) from error
    return InterpreterBackend(interpreter, runtime="tflite", version=found, kernels=kernel_name)
