"""TensorFlow's TFLiteConverter, full-integer int8 from a SavedModel, as its guide has it.

Runs in TensorFlow's environment: `python tflite_converter.py SAVED_MODEL CALIBRATION.npy OUT.tflite`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf


def main(source: str, calibration: str, out: str) -> None:
    """Convert and say how long it took after the imports."""
    begin = time.perf_counter()
    samples = np.load(calibration)
    converter = tf.lite.TFLiteConverter.from_saved_model(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(out).write_bytes(converter.convert())
    print(json.dumps({"inside_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
