from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from edge_runtime.preprocess import prepare
from training.features.cut import backbone_side_px, cut_backbone
from training.features.feature_part import extract_features
from training.features.size_rule import InputSize

if TYPE_CHECKING:
    from pathlib import Path

CLASSIFIERS = {
    # file: (side, operators kept without the DEQUANTIZE, channels)
    "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite": (224, 40, 96),
    "coral-test-data/mobilenet_v2_1.0_224_quant.tflite": (224, 39, 96),
    "coral-test-data/mobilenet_v1_0.5_160_quant.tflite": (160, 13, 256),
    "mlperf-tiny/vww_96_int8.tflite": (96, 13, 128),
    "tflite-support/automl_labeler_model.tflite": (224, 39, 32),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_cut_is_the_first_widest_tensor_of_the_main_line(name: str, data: Path) -> None:
    model = (data / name).read_bytes()
    side, operators, channels = CLASSIFIERS[name]
    part = cut_backbone(model)
    assert backbone_side_px(model) == side
    assert [one.kind for one in part.graph.operators][operators:] == ["DEQUANTIZE"]
    assert part.graph.tensors["features"].shape == (1, side // 16, side // 16, channels)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_camera_bytes_go_in_without_arithmetic(name: str, data: Path) -> None:
    part = cut_backbone((data / name).read_bytes())
    ramp = np.resize(np.arange(256, dtype=np.uint8), (part.spec.height_px, part.spec.width_px, 3))
    signed = part.spec.dtype == "int8"
    stored = prepare(ramp, part.spec)[0]
    np.testing.assert_array_equal(stored, ramp.astype(np.int16) - 128 if signed else ramp)


def test_a_long_part_keeps_its_proportion(data: Path, good_parts: list[np.ndarray]) -> None:
    model = (data / "coral-test-data/mobilenet_v1_0.25_128_quant.tflite").read_bytes()
    part = cut_backbone(model, InputSize(128, 320))
    assert extract_features(part, good_parts[:1]).shape == (1, 8, 20, 128)


def test_tensors_of_the_file_may_be_called_as_ours(data: Path, good_parts: list[np.ndarray]) -> None:
    graph = read_tflite((data / "mlperf-tiny/vww_96_int8.tflite").read_bytes())
    for old, new in ((graph.inputs[0], "features"), (graph.operators[2].outputs[0], "score")):
        tensor = graph.tensors.pop(old)
        tensor.name = new
        graph.tensors[new] = tensor
        graph.inputs = [new if one == old else one for one in graph.inputs]
        for operator in graph.operators:
            operator.inputs = [new if one == old else one for one in operator.inputs]
            operator.outputs = [new if one == old else one for one in operator.outputs]
    part = cut_backbone(write_tflite(graph))
    assert extract_features(part, good_parts[:1]).shape == (1, 6, 6, 128)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("coral-test-data/mobilenet_v1_0.25_128_quant_edgetpu.tflite", "EdgeTPU"),
        ("coral-test-data/model_invoking_error.tflite", "fake-op-double"),
        ("coral-test-data/imagenet_labels.txt", "text"),
        ("tflite-micro/person_detect.tflite", "1×96×96×1 int8"),
        ("mlperf-tiny/vww_96_float.tflite", "float32"),
        ("mlperf-tiny/kws_ref_model.tflite", "×49×10×1 int8"),
        ("mlperf-tiny/ad01_int8.tflite", "×640 int8"),
    ],
)
def test_a_file_that_is_no_quantised_classifier_is_refused(name: str, found: str, data: Path) -> None:
    with pytest.raises(BadInputError, match="wanted a quantised image classifier") as refusal:
        cut_backbone((data / name).read_bytes(), name=name)
    assert found in str(refusal.value)
    assert name in str(refusal.value)
