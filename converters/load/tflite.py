"""What a TFLite network takes and gives, read without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from converters.load.interface import Interface
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from converters.graph import Graph

_RESHAPING = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
_LAST: dict[str, Literal["softmax", "sigmoid"]] = {"SOFTMAX": "softmax", "LOGISTIC": "sigmoid"}

_OF_VALUES = "depends on values; export the model without its operators that select, such as non-maximum suppression"


def tflite_interface(graph: Graph, path: Path) -> Interface:
    """What a TFLite network takes and gives.

    Raises:
        BadInputError: several inputs, an input that is not float, or a size that is open.
    """
    if len(graph.inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(graph.inputs)} in {path}; export it with one")
    taken = graph.tensors[graph.inputs[0]]
    if taken.dtype != "float32":
        raise BadInputError(
            f"wanted a float model, found {path} with an input of {taken.dtype}: it is quantised already; "
            "give the float model that it was made from"
        )
    unknown = [name for name in graph.outputs if -1 in _batch_one(graph.tensors[name].shape)]
    if -1 in _batch_one(taken.shape):
        raise BadInputError(
            f"wanted static shapes apart from the batch, found an open size in {taken.name} of {path}; "
            "export the model with a fixed input size"
        )
    if unknown:
        follows_batch = taken.shape[0] == -1
        raise BadInputError(
            f"wanted outputs of known shape, found an open size in {', '.join(unknown)} of {path}, which "
            + ("follows the open batch; export the model with a batch of 1" if follows_batch else _OF_VALUES)
        )
    return Interface(
        taken.name,
        _batch_one(taken.shape),
        {name: _batch_one(graph.tensors[name].shape) for name in graph.outputs},
        last=_LAST.get(_last_kind(graph), "other"),
        layout="NHWC",
    )


def _last_kind(graph: Graph) -> str:
    """What computes the first output; each name is followed once, as a damaged file may read what it makes."""
    makers = {name: operator for operator in graph.operators for name in operator.outputs}
    maker = makers.pop(graph.outputs[0], None)
    while maker is not None and maker.kind in _RESHAPING:
        maker = makers.pop(str(maker.inputs[0]), None)
    return "" if maker is None else maker.kind


def _batch_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1, *shape[1:]) if shape and shape[0] == -1 else shape
