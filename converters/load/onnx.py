"""What an ONNX network takes and gives, read without running it."""

from __future__ import annotations

from typing import Any, Literal

from converters.load.interface import Interface
from edge_contracts.errors import BadInputError, MissingExtraError

PICTURE_RANK = 4

_RESHAPING = frozenset({"Cast", "Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
_LAST: dict[str, Literal["softmax", "sigmoid"]] = {"Softmax": "softmax", "Sigmoid": "sigmoid"}


def onnx_interface(content: bytes, where: str) -> Interface:
    """What an ONNX network takes and gives.

    Raises:
        BadInputError: not ONNX, several inputs, a shape that is not static.
        MissingExtraError: the package `onnx` is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - only ONNX models need it
        from google.protobuf.message import DecodeError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            f"wanted the package onnx ({error}); install lepton-edge[convert] (in a checkout: pip install '.[convert]')"
        ) from error
    try:
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()
        raise BadInputError(
            f"wanted a whole ONNX model, found {where}: {reason[0] if reason else 'damaged'}"
        ) from error
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(inputs)} in {where}; export it with one")
    shape = _shape(inputs[0], where)
    outputs = {value.name: _shape(value, where) for value in model.graph.output}
    nchw = len(shape) == PICTURE_RANK and shape[1] in {1, 3}
    last: Literal["softmax", "sigmoid", "other"] = _LAST.get(_last_kind(model.graph), "other")
    return Interface(inputs[0].name, shape, outputs, last, "NCHW" if nchw else "NHWC")


def _last_kind(graph: Any) -> str:
    """What computes the first output."""
    makers = {name: node for node in graph.node for name in node.output}
    maker = makers.get(graph.output[0].name)
    while maker is not None and maker.op_type in _RESHAPING:
        maker = makers.get(maker.input[0])
    return "" if maker is None else str(maker.op_type)


def _shape(value: Any, where: str) -> tuple[int, ...]:
    sizes = [int(dimension.dim_value) for dimension in value.type.tensor_type.shape.dim]
    if sizes and sizes[0] < 1:
        sizes[0] = 1
    if any(size < 1 for size in sizes):
        raise BadInputError(
            f"wanted static shapes apart from the batch, found {value.name!r} with {sizes} in {where}; "
            "export the model with a fixed input size"
        )
    return tuple(sizes)
