"""Float ONNX to int8 ONNX, by ONNX Runtime's own static quantisation.

Activations become uint8 (asymmetric, by the extremes seen), weights int8 (symmetric, one scale per output channel), and
both are written as QuantizeLinear and DequantizeLinear pairs around float operators, which every execution provider
fuses in its own way. Inputs and outputs stay float32.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

OPSET = 13
"""The first operator set with scales per channel; older models are brought up to it."""

IR_VERSION = 7
"""The file format that belongs to that operator set."""

QUANTIZED_KINDS = (
    "Add",
    "AveragePool",
    "Clip",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Gemm",
    "GlobalAveragePool",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Mul",
    "Pad",
    "Relu",
    "Reshape",
    "Resize",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)
"""What becomes int8. Exponentials, divisions and softmax, as in box decoding, lose too much and stay float."""

_PAIR = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True, slots=True)
class OnnxInt8:
    """What `quantize_onnx` made.

    content: the bytes of the ONNX file.
    operators: how many of each kind, the pairs that mark scales included.
    int8_operators, float_operators: how many of each kind compute in int8 and in float, the pairs left out.
    int8_bytes, float_bytes: constants stored as integers (scales and biases included) and as float.
    """

    content: bytes
    operators: Mapping[str, int]
    int8_operators: Mapping[str, int]
    float_operators: Mapping[str, int]
    int8_bytes: int
    float_bytes: int


def quantize_onnx(
    content: bytes, samples: Sequence[npt.NDArray[np.float32]], *, keep_float: Sequence[str] = ()
) -> OnnxInt8:
    """Quantise a float ONNX model with one input.

    Args:
        content: the bytes of the float model.
        samples: typical inputs in the model's own shape, real values; 20 to 100 do well.
        keep_float: names of nodes that stay float, beside the kinds that always do.

    Raises:
        BadInputError: not a model that ONNX Runtime loads, or samples that do not fit it.
        MissingExtraError: the packages onnx and onnxruntime are not installed.
    """
    if not samples:
        raise BadInputError("wanted at least one sample, found none; 20 to 100 typical inputs do well")
    onnx, runtime, quantization = _packages()
    with TemporaryDirectory(prefix="lepton-onnx-") as folder:
        prepared, result = Path(folder, "prepared.onnx"), Path(folder, "int8.onnx")
        try:
            input_name = _prepare(onnx, runtime, content, prepared)
            quantization.quantize_static(
                str(prepared),
                str(result),
                _reader(quantization, input_name, samples),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
                per_channel=True,
                op_types_to_quantize=list(QUANTIZED_KINDS),
                nodes_to_exclude=list(keep_float),
            )
        except _failures(onnx, runtime) as error:
            raise BadInputError(f"ONNX Runtime does not quantise this model: {_first_line(error)}") from error
        return _described(onnx, result.read_bytes())


def _packages() -> tuple[Any, Any, Any]:
    try:
        import onnx  # noqa: PLC0415  # heavy, and only ONNX models need it
        import onnxruntime  # noqa: PLC0415
        from onnxruntime import quantization  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"wanted onnx and onnxruntime ({error}); pip install 'lepton-edge[convert]'") from error
    return onnx, onnxruntime, quantization


def _prepare(onnx: Any, runtime: Any, content: bytes, path: Path) -> str:
    """Write the model with constants folded, normalisations fused and a new enough operator set; its input's name."""
    model = onnx.load_from_string(content)
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(inputs)}; export it with one")
    # Constants that are also listed as inputs could be fed: nothing would be folded. Old files have to list them.
    model.ir_version = max(model.ir_version, IR_VERSION)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    if next(entry.version for entry in model.opset_import if not entry.domain) < OPSET:
        model = onnx.version_converter.convert_version(model, OPSET)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    optimized = onnx.shape_inference.infer_shapes(onnx.load(path))
    _flatten_biases(onnx, optimized)
    # The mark of a prepared model, without which ONNX Runtime's quantiser logs advice to prepare it.
    onnx.helper.set_model_props(optimized, {"onnx.quant.pre_process": "onnxruntime.quant"})
    onnx.save(optimized, path)
    return str(inputs[0].name)


def _flatten_biases(onnx: Any, model: Any) -> None:
    """Give Gemm a bias of one axis: fused from an Add it may have two, on which the quantiser stumbles."""
    biases = {node.input[2] for node in model.graph.node if node.op_type == "Gemm" and len(node.input) > 2}  # noqa: PLR2004
    for initializer in model.graph.initializer:
        if initializer.name in biases:
            flat = onnx.numpy_helper.to_array(initializer).reshape(-1)
            initializer.CopyFrom(onnx.numpy_helper.from_array(flat, initializer.name))


def _failures(onnx: Any, runtime: Any) -> tuple[type[Exception], ...]:
    """What a model that cannot be quantised makes these packages raise; ONNX Runtime's own know no common kind."""
    state = runtime.capi.onnxruntime_pybind11_state
    own = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    return (*own, onnx.version_converter.ConvertError, RuntimeError, ValueError, TypeError, AttributeError)


def _reader(quantization: Any, input_name: str, samples: Sequence[npt.NDArray[np.float32]]) -> Any:
    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]  # the base class is imported lazily
        """The samples, one after the other, as ONNX Runtime asks for them."""

        def __init__(self) -> None:
            self._feeds: Iterator[dict[str, npt.NDArray[np.float32]]] = (
                {input_name: np.ascontiguousarray(sample, np.float32)} for sample in samples
            )

        def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
            """The next sample, None after the last."""
            return next(self._feeds, None)

    return Reader()


def _described(onnx: Any, content: bytes) -> OnnxInt8:
    graph = onnx.load_from_string(content).graph
    rounded = {name for node in graph.node if node.op_type == "QuantizeLinear" for name in node.input[:1]}
    restored = {name for node in graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    computing = [node for node in graph.node if node.op_type not in _PAIR]
    # A runtime fuses an operator that stands between pairs, if it has an int8 kernel for it.
    fused = [node for node in computing if restored.intersection(node.input) and rounded.intersection(node.output)]
    int8 = Counter(node.op_type for node in fused if node.op_type in QUANTIZED_KINDS)
    arrays = [onnx.numpy_helper.to_array(initializer) for initializer in graph.initializer]
    return OnnxInt8(
        content=content,
        operators=_sorted(Counter(node.op_type for node in graph.node)),
        int8_operators=_sorted(int8),
        float_operators=_sorted(Counter(node.op_type for node in computing) - int8),
        int8_bytes=sum(array.nbytes for array in arrays if array.dtype.kind in "iu"),
        float_bytes=sum(array.nbytes for array in arrays if array.dtype.kind == "f"),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
