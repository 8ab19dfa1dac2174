"""Our own compiler doing a peer's job, file to file: `python lepton_compiler.py SOURCE CALIBRATION.npy OUT.tflite`.

Load, lower, calibrate, quantise with the default recipe's search, write. `lepton convert` also runs the gate, records
goldens and writes the report; the bench times that beside this.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from converters.lower import lower_model
from converters.quantize import quantize
from converters.tflite import read_tflite


def main(source: str, calibration: str, out: str) -> None:
    """Convert and say how long it took after the imports."""
    begin = time.perf_counter()
    content = Path(source).read_bytes()
    graph = lower_model(content).graph if source.endswith(".onnx") else read_tflite(content)
    Path(out).write_bytes(quantize(graph, list(np.load(calibration))).content)
    print(json.dumps({"inside_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
