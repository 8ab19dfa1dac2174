"""An ONNX file as a model that can be run: whole, of one input, of bounded size, with fixed shapes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from converters.consistency import LARGEST_RANK
from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

MOST_ELEMENTS = 1 << 27
"""Elements of one value at most: half a gigabyte as float32, the size that a model file may have at all."""

OLDEST_OPSET, NEWEST_OPSET = 7, 23

IR_VERSION = 7
"""From file format 4 on, constants need not be listed as inputs; 7 belongs to operator set 12."""

_PICTURE_RANK = 4
_ONNX_DOMAINS = ("", "ai.onnx")


def parse_model(content: bytes, input_size: tuple[int, int] | None) -> Any:
    """The model, checked, with constants stripped from its inputs and its input's shape fixed.

    Args:
        content: the bytes of an ONNX file.
        input_size: height and width in pixels, where the model leaves them open.

    Raises:
        BadInputError: damaged, too big, of an unknown operator set, with several inputs or weights in another file.
        MissingExtraError: the package onnx is not installed.
    """
    onnx = import_onnx()
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - comes with onnx

    try:
        model = onnx.load_from_string(content)
        _refuse_external(onnx, model.graph)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, RecursionError, ValueError) as error:
        raise BadInputError(f"wanted a whole ONNX model, found {_first_line(error)}; export it again") from error
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    _check_opset(model)
    _strip_inputs(model)
    _fix_input(model.graph.input[0], input_size)
    _open_outputs(model)
    _refuse_absurd(onnx, model)
    return model


def import_onnx() -> Any:
    """The package, imported when it is needed.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - heavy, and only ONNX models need it
        import onnx.checker  # noqa: PLC0415
        import onnx.inliner  # noqa: PLC0415
        import onnx.shape_inference  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            f"wanted the package onnx ({error}); install lepton-edge[convert] (in a checkout: pip install '.[convert]')"
        ) from error
    return onnx


def stored_array(tensor: Any) -> npt.NDArray[Any]:
    """The values of a stored tensor, in its own type and shape.

    Raises:
        BadInputError: its bytes do not fill its shape, or its type has no values here.
    """
    try:
        values: npt.NDArray[Any] = import_onnx().numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(
            f"wanted values that fill the shape {tuple(tensor.dims)} of {tensor.name!r}, found others "
            f"({_first_line(error)}); the file is damaged: export it again"
        ) from error
    return values


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_opset(model: Any) -> None:
    version = next((entry.version for entry in model.opset_import if entry.domain in _ONNX_DOMAINS), 0)
    if not OLDEST_OPSET <= version <= NEWEST_OPSET:
        raise BadInputError(
            f"wanted an ONNX model of operator set {OLDEST_OPSET} to {NEWEST_OPSET}, found {version}; "
            "export it with opset_version=17"
        )


def _tensors(graph: Any) -> Iterator[Any]:
    """Every stored tensor, those inside attributes and sub-graphs included."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)


def _refuse_external(onnx: Any, graph: Any) -> None:
    for tensor in _tensors(graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            place = {entry.key: entry.value for entry in tensor.external_data}.get("location", "")
            raise BadInputError(
                f"wanted the weights inside the model, found {tensor.name!r} in another file ({place!r}); "
                "save it as one file: onnx.save_model(model, path, save_as_external_data=False)"
            )


def _strip_inputs(model: Any) -> None:
    # Constants that are also listed as inputs could be fed: nothing would be folded. Old files have to list them.
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(inputs)}; export it with one")
    if not model.graph.output:
        raise BadInputError("wanted a model with an output, found none; export it with what it is to give")
    names = [value.name for value in model.graph.output]
    if len(set(names)) < len(names):
        raise BadInputError(f"wanted outputs of different names, found {', '.join(names)}; the file is damaged")
    model.ir_version = max(model.ir_version, IR_VERSION)
    del model.graph.input[:]
    model.graph.input.extend(inputs)


def _fix_input(value: Any, input_size: tuple[int, int] | None) -> None:
    shape = value.type.tensor_type.shape
    if value.type.tensor_type.elem_type != 1:  # TensorProto.FLOAT
        raise BadInputError(f"wanted a float32 input, found another type in {value.name!r}; export the model in float")
    if not len(shape.dim):
        raise BadInputError(f"wanted an input with dimensions, found none for {value.name!r}; export it with a size")
    wanted: list[int | None] = [None] * len(shape.dim)
    if input_size is not None and len(shape.dim) == _PICTURE_RANK:
        wanted[2:] = input_size
    elif input_size is not None:
        raise BadInputError(f"wanted no input size for {value.name!r} of rank {len(shape.dim)}: it takes no picture")
    for axis, (dimension, size) in enumerate(zip(shape.dim, wanted, strict=True)):
        _fix(dimension, size, axis, value.name)


def _fix(dimension: Any, size: int | None, axis: int, name: str) -> None:
    found = int(dimension.dim_value)
    if found < 1:
        if size is None and axis:
            raise BadInputError(
                f"wanted a fixed size for axis {axis} of input {name!r}, found it open; give the input size, or export "
                "the model for the size that the board will see"
            )
        dimension.dim_value = size or 1
    elif size is not None and size != found:
        raise BadInputError(
            f"wanted {size} for axis {axis} of input {name!r}, found the model to be made for {found}; leave the input "
            "size out, or export the model for that size"
        )


def _open_outputs(model: Any) -> None:
    """Forget every shape but the input's: they may contradict it, and are computed anew."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")


def _refuse_absurd(onnx: Any, model: Any) -> None:
    for tensor in _tensors(model.graph):
        _refuse_size(tensor.name, tuple(tensor.dims))
    try:
        known = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise BadInputError(f"wanted shapes that fit together, found {_first_line(error)}; export it again") from error
    for value in (*known.graph.input, *known.graph.value_info, *known.graph.output):
        _refuse_size(value.name, tuple(int(size.dim_value) for size in value.type.tensor_type.shape.dim))


def _refuse_size(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) > LARGEST_RANK:
        raise BadInputError(
            f"wanted values of at most {LARGEST_RANK} axes, found {name!r} with {len(shape)}; the file is damaged, or "
            "no runtime has kernels for it"
        )
    if prod(max(size, 1) for size in shape) > MOST_ELEMENTS or min(shape, default=0) < 0:
        raise BadInputError(
            f"wanted values of at most {MOST_ELEMENTS} elements, found {name!r} of shape {shape}; "
            "the file is damaged, or the model is too big for a board"
        )
