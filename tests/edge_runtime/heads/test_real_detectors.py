"""Real detectors on real photographs, read by the heads that their bundles describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_runtime.heads.suppress import shared
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Ruling
from tests.fakes.detectors import CAT, DOG, write_coco_bundle, write_face_bundle

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def photograph(path: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path))[:, :, ::-1], np.uint8)


def test_a_network_read_through_its_priors_finds_what_it_finds_with_its_own_last_layers(
    data: Path, tmp_path: Path
) -> None:
    found = []
    for with_priors in (True, False):
        path = tmp_path / f"{with_priors}.bundle"
        write_face_bundle(path, data, with_priors=with_priors)
        predictor = Predictor.open(path)
        scores = predictor.predict(photograph(data / "coral-test-data" / "grace_hopper.bmp"))
        found.append(scores.boxes.where(scores.boxes.scores > 0.6))
        predictor.close()
    by_priors, by_itself = found
    assert len(by_itself.scores) == 1
    np.testing.assert_allclose(by_priors.corners, by_itself.corners, atol=1e-4)
    np.testing.assert_allclose(by_priors.scores, by_itself.scores, atol=1e-4)
    np.testing.assert_allclose(by_itself.corners, [[0.338, 0.203, 0.698, 0.557]], atol=0.01)


def test_the_cats_and_the_dog_that_the_networks_makers_tell_of(data: Path, tmp_path: Path) -> None:
    """PROVENANCE.md of tflite-support: classes 16, 16, 16, 17 with .645, .609, .562, .512, resized by cv2's linear."""
    write_coco_bundle(tmp_path / "coco.bundle", data)
    predictor = Predictor.open(tmp_path / "coco.bundle")
    scores = predictor.predict(photograph(data / "tflite-support" / "cats_and_dogs.jpg"))
    assert scores.boxes.labels[:4].tolist() == [CAT, CAT, CAT, DOG]
    np.testing.assert_allclose(scores.boxes.scores[:4], [0.645, 0.609, 0.562, 0.512], atol=0.02)
    manifest = predictor.manifest
    decision = decide(scores, Ruling(manifest.rule, manifest.labels))
    assert (decision.outcome.value, decision.label) == ("defect", "dog")
    assert decision.reason == "1 × 'dog', the best with 51%, wanted at most 0"


def test_a_face_is_found_where_it_is_whatever_the_pictures_shape(data: Path, tmp_path: Path) -> None:
    write_face_bundle(tmp_path / "faces.bundle", data, with_priors=False)
    predictor = Predictor.open(tmp_path / "faces.bundle")
    picture = photograph(data / "coral-test-data" / "grace_hopper.bmp")
    height, width = picture.shape[:2]
    wide = np.concatenate([picture, np.full((height, width, 3), 127, np.uint8)], axis=1)
    whole = predictor.predict(picture).boxes.corners[0]
    left = predictor.predict(wide).boxes.corners[0] * np.asarray([2, 1, 2, 1])
    assert shared(whole, left[None].astype(np.float32), "union")[0] == pytest.approx(1, abs=0.25)
