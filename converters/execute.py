"""Running a TFLite model on the workbench: one thread, with the kernels that are asked for, every tensor if wanted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge_contracts.errors import BadInputError
from edge_runtime.infer.delegate_notice import give_notice_unseen
from edge_runtime.infer.interpreter import FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Feed = Mapping[str, npt.NDArray[Any]]
    """The inputs of one run, by tensor name, in the model's own shape and dtype."""


class Kernels(str, Enum):
    """Whose arithmetic: XNNPACK's (the default on boards) or TensorFlow Lite's portable C++."""

    XNNPACK = "xnnpack"
    REFERENCE = "reference"


class Session:
    """One loaded model.

    Example:
        session = Session(content)
        session.run({"input": image})
        scores = session.value("scores")

    Args:
        content: the bytes of a TFLite file.
        kernels: whose arithmetic runs.
        keep_all: keep every tensor for `value`, not only the outputs; only with the reference kernels.
    """

    def __init__(self, content: bytes, kernels: Kernels = Kernels.XNNPACK, *, keep_all: bool = False) -> None:
        resolver = {
            Kernels.XNNPACK: OpResolverType.BUILTIN,
            Kernels.REFERENCE: OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        }[kernels]
        if kernels is Kernels.XNNPACK:
            give_notice_unseen(Interpreter, resolver)
        try:
            self._interpreter = Interpreter(
                model_content=content,
                num_threads=1,
                experimental_op_resolver_type=resolver,
                experimental_preserve_all_tensors=keep_all,
            )
            self._interpreter.allocate_tensors()
        except FAULTS as error:
            raise BadInputError(f"LiteRT does not load the model with its {kernels.value} kernels: {error}") from error
        self._places = {detail["name"]: detail["index"] for detail in self._interpreter.get_tensor_details()}
        self._inputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_input_details()}
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def run(self, feed: Feed) -> None:
        """Compute the outputs for one feed; a recurrent layer remembers none before it, as on the board."""
        for name, index in self._inputs.items():
            self._interpreter.set_tensor(index, np.ascontiguousarray(feed[name]))
        self._interpreter.reset_all_variables()
        self._interpreter.invoke()

    def value(self, name: str) -> npt.NDArray[Any]:
        """The value of a tensor by name, in its stored dtype: a copy."""
        value: npt.NDArray[Any] = self._interpreter.get_tensor(self._places[name])
        return value

    def view(self, name: str) -> npt.NDArray[Any]:
        """The value of a tensor by name where it lies: to be let go of before the next run."""
        value: npt.NDArray[Any] = self._interpreter.tensor(self._places[name])()
        return value

    def outputs(self) -> list[npt.NDArray[Any]]:
        """The outputs in the model's order, in their stored dtype: copies."""
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's shape as the runtime computed it."""
        return {detail["name"]: tuple(detail["shape"].tolist()) for detail in self._interpreter.get_tensor_details()}


def run_all(content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> list[list[npt.NDArray[Any]]]:
    """The outputs of each feed, in the model's order and stored dtype."""
    session = Session(content, kernels)
    results = []
    for feed in feeds:
        session.run(feed)
        results.append(session.outputs())
    return results
