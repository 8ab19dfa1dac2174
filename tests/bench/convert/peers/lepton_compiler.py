"""Our own compiler doing a peer's job, file to file: `python lepton_compiler.py SOURCE CALIBRATION.npy OUT.tflite`.

Load, lower, calibrate, quantise with the default recipe's search, write. `lepton convert` also runs the gate, records
goldens and writes the report; the bench times that beside this.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from converters.isolation.forking import PRELOADED_TO_COMPILE, forked_children

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph


def main(source: str, calibration: str, out: str) -> None:
    """Convert and say how long it took after the imports, during which the process loads that forks children."""
    with forked_children(PRELOADED_TO_COMPILE):
        content = Path(source).read_bytes()
        if source.endswith(".onnx"):
            from converters.lower import started_lowering  # noqa: PLC0415 - what a TFLite file does not need

            with started_lowering(content) as lowered:
                compile_graph(lambda: lowered().graph, calibration, out)
        else:
            compile_graph(lambda: _read(content), calibration, out)


def compile_graph(given: Callable[[], Graph], calibration: str, out: str) -> None:
    """The float graph to a file in int8."""
    import numpy as np  # noqa: PLC0415 - loaded while that process loads its own, as what follows

    from converters.isolation.trial import TrialChild  # noqa: PLC0415
    from converters.quantize import quantize  # noqa: PLC0415

    with closing(TrialChild()) as child:
        begin = time.perf_counter()
        samples = list(np.load(calibration))
        Path(out).write_bytes(quantize(given(), samples, runner=child).content)
        print(json.dumps({"inside_s": time.perf_counter() - begin}))


def _read(content: bytes) -> Graph:
    from converters.tflite import read_tflite  # noqa: PLC0415 - numpy, as above

    return read_tflite(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
