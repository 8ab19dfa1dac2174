"""Our own compiler doing a peer's job, file to file: `python lepton_compiler.py SOURCE CALIBRATION.npy OUT.tflite`.

Load, lower, calibrate, quantise with the default recipe's search, write. `lepton convert` also runs the gate, records
goldens and writes the report; the bench times that beside this.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing, nullcontext
from pathlib import Path

from converters.lower import started_lowering


def main(source: str, calibration: str, out: str) -> None:
    """Convert and say how long it took after the imports, during which an ONNX file is lowered already."""
    content = Path(source).read_bytes()
    with started_lowering(content) if source.endswith(".onnx") else nullcontext() as lowered:
        import numpy as np  # noqa: PLC0415 - loaded while the child lowers, as all of these

        from converters.isolation.trial import TrialChild  # noqa: PLC0415
        from converters.quantize import quantize  # noqa: PLC0415
        from converters.tflite import read_tflite  # noqa: PLC0415

        with closing(TrialChild()) as child:
            begin = time.perf_counter()
            graph = lowered().graph if lowered else read_tflite(content)
            Path(out).write_bytes(quantize(graph, list(np.load(calibration)), runner=child).content)
            print(json.dumps({"inside_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
