"""ai-edge-quantizer, int8 weights and activations: `python ai_edge.py FLOAT.tflite CALIBRATION.npy OUT.tflite RULE`.

RULE is `default` (a moving average of the ranges) or `min-max`. Runs in its own environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.calibrator import Calibrator
from ai_edge_quantizer.recipe_manager import RecipeManager
from ai_edge_quantizer.utils import qsv_utils

THREADS = os.cpu_count() or 1
"""Its own default is 16, whatever the machine has."""


def main(source: str, calibration: str, out: str, rule: str) -> None:
    """Quantise and say how long it took after the imports."""
    begin = time.perf_counter()
    samples = np.load(calibration)
    ((signature, slots),) = Interpreter(model_path=source).get_signature_list().items()
    data = {signature: [{slots["inputs"][0]: sample} for sample in samples]}
    chosen = recipe.static_wi8_ai8()
    tool = quantizer.Quantizer(source, chosen)
    if rule == "min-max":
        ranges = RecipeManager()
        ranges.load_quantization_recipe(chosen)
        calibrator = Calibrator(source, num_threads=THREADS, qsv_update_func=qsv_utils.min_max_update)
        calibrator.calibrate(data, ranges)
        seen = calibrator.get_model_qsvs()
    else:
        seen = tool.calibrate(data, num_threads=THREADS)
    Path(out).write_bytes(tool.quantize(seen).quantized_model)
    print(json.dumps({"inside_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
