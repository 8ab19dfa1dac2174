from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.tflite import write_tflite
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import prepare
from training.detectors.detector_graph import HEAT_MAP, SCORE, detector_graph
from training.detectors.gauss import fit_gauss
from training.detectors.kinds import detector_kinds, sound_kinds
from training.detectors.normality import heat_map, score
from training.detectors.whole_part import PlacesAndWhole, whole_part, with_whole
from training.features.cut import cut_backbone
from training.features.feature_part import FeaturePart, extract_features
from training.features.gabor import gabor_features
from training.features.size_rule import InputSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _gabor(data: Path) -> FeaturePart:  # noqa: ARG001 - the other parts need the folder
    return gabor_features(224, 320)


def _backbone(data: Path) -> FeaturePart:
    return cut_backbone((data / "mlperf-tiny/vww_96_int8.tflite").read_bytes())


def _long_backbone(data: Path) -> FeaturePart:
    model = data / "coral-test-data/mobilenet_v1_0.25_128_quant.tflite"
    return cut_backbone(model.read_bytes(), InputSize(128, 224))


def _fit_both(features: np.ndarray, random: np.random.Generator) -> PlacesAndWhole:
    """Limited so tightly that the whole speaks."""
    return with_whole(fit_gauss(features), whole_part(features, random), 0.01, 3.0)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        *((one, "gauss") for one in (_gabor, _backbone, _long_backbone)),
        *((_backbone, kind) for kind in ("memory", "student", "whole gauss", "whole autoencoder", "places and whole")),
    ],
)
@pytest.mark.parametrize("kernels", ["default", "builtin"])
def test_the_graph_computes_what_numpy_computes(
    make: Callable[[Path], FeaturePart],
    kind: str,
    kernels: str,
    data: Path,
    good_parts: list[np.ndarray],
    draw_part: Callable[..., np.ndarray],
) -> None:
    part = make(data)
    kinds = detector_kinds() | {f"whole {name}": fit for name, fit in sound_kinds().items()}
    kinds["places and whole"] = _fit_both
    normality = kinds[kind](extract_features(part, good_parts), np.random.default_rng(0))
    model = write_tflite(detector_graph(part, normality))
    backend = open_backend(model, model_format="tflite", runtime="litert", threads=1, kernels=kernels)
    features_alone = open_backend(
        write_tflite(part.graph), model_format="tflite", runtime="litert", threads=1, kernels=kernels
    )
    for frame in [good_parts[0], draw_part(77, scratch=True)]:
        tensor = prepare(frame, part.spec)
        found = backend.run(lambda buffer, tensor=tensor: np.copyto(buffer, tensor))
        features = features_alone.run(lambda buffer, tensor=tensor: np.copyto(buffer, tensor))["features"][0]
        assert found[SCORE].shape == (1,)
        assert found[HEAT_MAP].shape == (1, *heat_map(normality, features).shape, 1)
        assert found[SCORE][0] == pytest.approx(score(normality, features), rel=1e-4)
        np.testing.assert_allclose(found[HEAT_MAP][0, ..., 0], heat_map(normality, features), rtol=1e-4, atol=1e-5)


def test_the_feature_part_is_left_as_it_was(good_parts: list[np.ndarray]) -> None:
    part = gabor_features(224, 224)
    before = write_tflite(part.graph)
    detector_graph(part, fit_gauss(extract_features(part, good_parts)))
    assert write_tflite(part.graph) == before
