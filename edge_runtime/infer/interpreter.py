"""A TFLite interpreter as a backend; LiteRT and tflite-runtime have the same face and share this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge_runtime.infer.backend import BackendError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt


FAULTS = (RuntimeError, ValueError, IndexError)
"""What the runtimes raise for a model that they refuse; an IndexError is a table in C++ that lacks an operator."""


class InterpreterBackend:
    """One allocated interpreter.

    Args:
        interpreter: built, not yet allocated.
        runtime: the runtime's name in the bundle's vocabulary.
        version: its version.
        kernels: `xnnpack` or `builtin`.

    Raises:
        BackendError: the runtime cannot prepare the model.
    """

    def __init__(self, interpreter: Any, *, runtime: str, version: str, kernels: str) -> None:
        self.runtime, self.version, self.kernels = runtime, version, kernels
        try:
            interpreter.allocate_tensors()
        except FAULTS as error:
            raise BackendError(refusal(runtime, version, error)) from error
        inputs = interpreter.get_input_details()
        if len(inputs) != 1:
            raise BackendError(f"wanted a model with one input, found {len(inputs)}; export it with a single input")
        self._interpreter: Any = interpreter
        self._input: int = inputs[0]["index"]
        self._outputs: dict[str, int] = {d["name"]: d["index"] for d in interpreter.get_output_details()}

    def run(self, fill: Callable[[npt.NDArray[Any]], None]) -> dict[str, npt.NDArray[Any]]:
        """See `Backend.run`; `fill` gets the interpreter's own memory."""
        interpreter = self._interpreter
        fill(interpreter.tensor(self._input)())
        try:
            # A recurrent layer's memory would let one part's verdict depend on the part before.
            interpreter.reset_all_variables()
            interpreter.invoke()
        except FAULTS as error:
            raise BackendError(f"{self.runtime} {self.version} failed while running the model: {error}") from error
        return {name: np.asarray(interpreter.get_tensor(index)) for name, index in self._outputs.items()}

    def close(self) -> None:
        """Free the interpreter's memory."""
        self._interpreter = None


def refusal(runtime: str, version: str, error: Exception) -> str:
    """The sentence for a model that the runtime does not take."""
    return (
        f"wanted a model that {runtime} {version} can run, found one that it refuses: {str(error).strip()}; "
        "a model compiled for an accelerator or with custom operators must be exported again without them"
    )
