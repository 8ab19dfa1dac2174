"""A detector keeps its head and its rule when it is converted, and finds in int8 what it found in float."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from converters.conversion import convert
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from edge_runtime.heads.suppress import shared
from edge_runtime.infer.predictor import Predictor
from tests.fakes.detectors import write_face_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_onnx_children")]


@pytest.mark.parametrize("with_priors", [True, False], ids=["tflite-priors", "onnx-corners"])
def test_a_detector_in_int8_sees_the_same_face(data: Path, tmp_path: Path, *, with_priors: bool) -> None:
    given, made = tmp_path / "faces-float.bundle", tmp_path / "faces.bundle"
    write_face_bundle(given, data, with_priors=with_priors)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("grace_hopper.bmp", "cat.bmp"):
        (pictures / name).write_bytes((data / "coral-test-data" / name).read_bytes())
    convert(given, profile=load_profile("rpi-4b"), calibration=str(pictures), out=made)
    before, after = read_bundle(given).manifest, read_bundle(made).manifest
    assert after.precision != "float32"
    assert (after.task, after.labels, after.head, after.rule) == (before.task, before.labels, before.head, before.rule)
    picture = np.asarray(cv2.imread(str(pictures / "grace_hopper.bmp"))[:, :, ::-1], np.uint8)
    best = [Predictor.open(path).predict(picture).boxes.where([0]) for path in (given, made)]
    assert best[1].scores[0] == pytest.approx(best[0].scores[0], abs=0.1)
    assert shared(best[0].corners[0], best[1].corners, "union")[0] > 0.8
