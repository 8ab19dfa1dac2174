from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.bundle import Bundle, read_bundle, write_bundle
from edge_contracts.card import Card
from edge_contracts.known_parts import PICTURED_MOST
from edge_contracts.manifest import AnomalyRule
from edge_runtime.infer.predictor import Predictor
from edge_runtime.lessons.teachable import Teachable, teachable
from training.detectors.float_bundle import bundle_name, float_bundle
from training.detectors.learn import Backbone, learn

if TYPE_CHECKING:
    from training.detectors.detector import Detector

LATER = datetime(2031, 5, 4, tzinfo=timezone.utc)
EARLIER = datetime(2030, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def detector(good_parts: list[np.ndarray]) -> Detector:
    """What the good parts taught."""
    return learn(good_parts, kind="gauss")


def test_the_bundle_scores_as_the_detector_was_fitted(
    tmp_path: Path, detector: Detector, good_parts: list[np.ndarray]
) -> None:
    manifest, members = float_bundle(detector, name="plate", inputs={}, settings={"seed": 0}, created=EARLIER)
    write_bundle(tmp_path / "plate.bundle", manifest, members)
    predictor = Predictor.open(tmp_path / "plate.bundle")
    scores = predictor.predict(good_parts[0])
    assert scores.values.shape == (1,)
    assert scores.heat_map is not None
    assert scores.heat_map.shape == (14, 14)
    # A learned picture lies nearer than the same picture held out.
    assert 0 < scores.values[0] < detector.good_scores[0]
    rule = predictor.manifest.rule
    assert isinstance(rule, AnomalyRule)
    assert rule.threshold == detector.threshold.value
    assert rule.reference is not None
    assert rule.reference.samples == len(good_parts)
    assert (rule.reference.quantiles[0], rule.reference.quantiles[-1]) == (
        min(detector.good_scores),
        max(detector.good_scores),
    )


def test_the_time_of_making_does_not_change_the_digest(tmp_path: Path, detector: Detector) -> None:
    digests = []
    for number, created in enumerate((EARLIER, LATER)):
        manifest, members = float_bundle(detector, name="plate", inputs={}, settings={}, created=created)
        digests.append(write_bundle(tmp_path / f"{number}.bundle", manifest, members))
        card = read_bundle(tmp_path / f"{number}.bundle").card
        assert card is not None
        assert card.created == created
    assert digests[0] == digests[1]


def test_the_card_says_how_much_is_integer(data: Path, good_parts: list[np.ndarray]) -> None:
    model = (data / "mlperf-tiny/vww_96_int8.tflite").read_bytes()
    lent = learn(good_parts, kind="gauss", backbone=Backbone(model))
    manifest, members = float_bundle(lent, name="plate", inputs={}, settings={}, created=EARLIER)
    shares = {share.precision: share for share in Card.model_validate_json(members["card.json"]).precision}
    assert manifest.precision == "float32"
    assert shares["int8"].operators == 13
    assert shares["float32"].operators == sum(manifest.operators.values()) - 13
    assert 0 < shares["int8"].bytes < len(model)


@pytest.mark.parametrize(
    ("file", "name"),
    [("Part_A.bundle", "part-a"), ("ä.bundle", "detector"), ("x" * 50 + ".bundle", "x" * 32), ("a.b.bundle", "a-b")],
)
def test_a_bundle_is_named_after_its_file(file: str, name: str) -> None:
    assert bundle_name(Path(file)) == name


def test_a_board_can_be_taught_with_it_and_scores_as_without(detector: Detector, good_parts: list[np.ndarray]) -> None:
    bundles = []
    for good in ([], good_parts):
        manifest, members = float_bundle(detector, name="plate", inputs={}, settings={}, created=EARLIER, good=good)
        bundles.append(Bundle(manifest, "ab" * 32, members))
    bare, taught = (Predictor.load(one).predict(good_parts[3]) for one in bundles)
    assert bare.values == taught.values
    assert [spec.role for spec in bundles[0].manifest.outputs] == ["score", "heat-map"]
    brought = teachable(bundles[1].manifest, "ab" * 32, bundles[1].members.get, whole=True)
    assert isinstance(brought, Teachable)
    assert len(brought.known.rows) == len(good_parts)
    assert len(brought.examples) == PICTURED_MOST
    assert all(one.picture.startswith(b"\xff\xd8") and len(one.picture) < 3000 for one in brought.examples)
    row = brought.known.scaled(taught.outputs["part_features"][0])
    np.testing.assert_allclose(row, brought.known.rows[3], atol=1e-4)
