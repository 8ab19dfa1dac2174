"""ONNX Runtime's static quantisation: uint8 activations, int8 weights per channel, min-max, after its own preparation.

Runs in its own environment: `python onnx_runtime.py FLOAT.onnx CALIBRATION.npy OUT.onnx`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Samples(CalibrationDataReader):
    """One feed after the other."""

    def __init__(self, name: str, samples: np.ndarray) -> None:
        self.feeds = ({name: sample} for sample in samples)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next feed, None after the last."""
        return next(self.feeds, None)


def main(source: str, calibration: str, out: str) -> None:
    """Quantise and say how long it took after the imports."""
    begin = time.perf_counter()
    graph = onnx.load(source).graph
    constants = {initializer.name for initializer in graph.initializer}
    (name,) = (value.name for value in graph.input if value.name not in constants)
    with tempfile.TemporaryDirectory() as folder:
        prepared = str(Path(folder, "prepared.onnx"))
        # Shapes are static here: the symbolic inference, which wants sympy, has nothing to add.
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            out,
            Samples(name, np.load(calibration)),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
    print(json.dumps({"inside_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
