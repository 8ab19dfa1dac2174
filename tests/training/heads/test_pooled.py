from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.tflite import write_tflite
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.features.cut import cut_backbone
from training.features.feature_part import extract_features
from training.features.gabor import gabor_features
from training.heads.pooled import add_pooled, pooled_rows

if TYPE_CHECKING:
    from pathlib import Path

MOBILENET = "coral-test-data/mobilenet_v2_1.0_224_quant.tflite"


def _summary(layer: np.ndarray) -> np.ndarray:
    return np.concatenate([layer.mean((0, 1)), layer.max((0, 1)), layer.std((0, 1))])


def test_gabor_layers_are_pooled_as_numpy_does(good_parts: list[np.ndarray]) -> None:
    part = gabor_features(96, 96)
    wanted = [_summary(one) for one in extract_features(part, good_parts[:2])]
    np.testing.assert_allclose(pooled_rows(add_pooled(part), good_parts[:2]), wanted, rtol=1e-4, atol=1e-5)


def test_a_classifier_is_pooled_at_four_strides(data: Path, good_parts: list[np.ndarray]) -> None:
    part = cut_backbone((data / MOBILENET).read_bytes(), with_layers=True)
    tensors = [part.graph.tensors[one] for one in part.layers]
    assert [(one.shape[1], one.shape[3]) for one in tensors] == [(56, 24), (28, 32), (14, 96), (7, 320)]
    assert pooled_rows(add_pooled(part), good_parts[:1]).shape == (1, 3 * (24 + 32 + 96 + 320))


def test_stored_layers_are_pooled_by_their_real_values(data: Path, good_parts: list[np.ndarray]) -> None:
    part = cut_backbone((data / "mlperf-tiny/vww_96_int8.tflite").read_bytes(), with_layers=True)
    graph = part.graph
    graph.outputs[:] = [part.layers[0]]
    backend = open_backend(write_tflite(graph), model_format="tflite", runtime="litert", threads=1)
    (stored,) = backend.run(lambda buffer: Preprocessor(part.spec).write(good_parts[0], buffer)).values()
    quantisation = graph.tensors[part.layers[0]].quantization
    assert quantisation is not None
    wanted = _summary((stored[0].astype(np.float32) - quantisation.zero_point) * quantisation.scale)
    found = pooled_rows(add_pooled(part), good_parts[:1])[0, : len(wanted)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("with_layers", [True, False])
def test_features_are_what_they_were(with_layers: bool, data: Path, good_parts: list[np.ndarray]) -> None:  # noqa: FBT001
    model = (data / MOBILENET).read_bytes()
    plain = extract_features(cut_backbone(model), good_parts[:1])
    part = cut_backbone(model, with_layers=with_layers)
    np.testing.assert_array_equal(extract_features(add_pooled(part) if with_layers else part, good_parts[:1]), plain)
