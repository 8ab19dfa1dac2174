"""One range rule's int8 model: ONNX Runtime's static quantiser, told the ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.isolation.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from converters.quantize.onnx.prepare import Packages
    from converters.quantize.onnx.scheme import Scheme
    from converters.quantize.ranges import Range


def quantize_with(
    packages: Packages, model: Any, scheme: Scheme, ranges: Mapping[str, Range], keep_float: Sequence[str]
) -> bytes:
    """The bytes of the int8 model.

    Args:
        packages: onnx and onnxruntime.
        model: a prepared float model; it is left as it was.
        scheme: how integers stand for its numbers.
        ranges: lowest and highest real value of each activation.
        keep_float: names of nodes that stay float.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantType  # noqa: PLC0415 - heavy
    from onnxruntime.quantization.calibrate import TensorData, TensorsData  # noqa: PLC0415
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer  # noqa: PLC0415

    own = packages.onnx.ModelProto()
    own.CopyFrom(model)
    told = TensorsData(
        CalibrationMethod.MinMax,
        {name: TensorData(lowest=np.float32(low), highest=np.float32(high)) for name, (low, high) in ranges.items()},
    )
    quantizer = QDQQuantizer(
        own,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType[scheme.weights],
        activation_qType=QuantType[scheme.activations],
        tensors_range=told,
        nodes_to_quantize=[],
        nodes_to_exclude=list(keep_float),
        op_types_to_quantize=list(scheme.kinds),
        extra_options=dict(scheme.options),
    )
    quantizer.quantize_model()
    with scratch("onnx") as folder:
        path = folder / "int8.onnx"
        quantizer.model.save_model_to_file(str(path), use_external_data_format=False)
        return path.read_bytes()
