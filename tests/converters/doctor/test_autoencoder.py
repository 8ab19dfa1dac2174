"""The known trouble of MLPerf Tiny's anomaly autoencoder is found: one scale for all weights of a tensor."""

import numpy as np

from converters.doctor import Pair, Patient, examine
from converters.quantize import Recipe, quantize
from converters.tflite import read_tflite


def test_weights_under_one_scale_are_named_as_the_cause(data):
    frames = np.fromfile(data / "mlperf-tiny/ad_sample_normal_id_01_00000000_hist_librosa.bin", "<f4").reshape(200, 128)
    windows = [frames[start : start + 5].reshape(1, 640) for start in range(0, 196, 4)]
    graph = read_tflite((data / "mlperf-tiny/ad01_fp32.tflite").read_bytes())
    plain = Recipe(ranges=("min-max",), per_channel=(), bias_correction=False, remedies=())
    made = quantize(graph, windows, plain)
    pair = Pair(made.bench.prepared, made.graph)
    found = examine(Patient(pair, pair, [{graph.inputs[0]: window} for window in windows]))
    assert found.cause == "weights"
    assert "rounded weights make" in found.sentences[0]
    assert max(layer.weight_error_db for layer in found.layers if layer.weight_error_db is not None) < 45
