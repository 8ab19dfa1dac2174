"""LiteRT (`ai-edge-litert`): the first choice on 64-bit boards."""

from __future__ import annotations

from importlib.metadata import version

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.delegate_notice import give_notice_unseen
from edge_runtime.infer.interpreter import FAULTS, InterpreterBackend, refusal

_RESOLVERS = {
    "default": (OpResolverType.BUILTIN, "xnnpack"),
    "builtin": (OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, "builtin"),
}


def open_backend(model: bytes, *, threads: int, kernels: str) -> InterpreterBackend:
    """Load a TFLite model.

    Raises:
        BackendError: LiteRT refuses the model.
    """
    resolver, kernel_name = _RESOLVERS[kernels]
    found = version("ai-edge-litert")
    if kernels == "default":
        give_notice_unseen(Interpreter, resolver)
    try:
        interpreter = Interpreter(model_content=model, num_threads=threads, experimental_op_resolver_type=resolver)
    except FAULTS as error:
        raise BackendError(refusal("litert", found, error)) from error
    return InterpreterBackend(interpreter, runtime="litert", version=found, kernels=kernel_name)
