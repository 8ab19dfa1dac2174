"""A picture without its part is a defect, and no part that is there notices."""

import numpy as np
import pytest

from edge_runtime.capture.picture_file import read_picture
from training.backbone.own import own_backbone
from training.dataset.input_size import resized
from training.detectors.gauss import fit_gauss
from training.detectors.kinds import detector_kinds
from training.detectors.learn import Backbone, learn
from training.detectors.whole_part import whole_part, with_whole
from training.heads.learn import detector_scores

CORNER_PX = 24


def features_of(parts, random):
    return random.normal(1, 0.1, (parts, 4, 5, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def cookies(data):
    """Twenty real photographs, none of which shows an empty tray."""
    files = sorted((data / "defect-cookies/train").glob("normal-*"))[:20]
    return [read_picture(file) for file in files]


@pytest.mark.parametrize("kind", detector_kinds())
def test_an_empty_tray_is_a_defect(cookies, kind):
    detector = learn(cookies, backbone=Backbone(own_backbone(), "our own backbone"), kind=kind)
    tray = np.tile(cookies[0][:CORNER_PX, :CORNER_PX], (16, 16, 1))
    pictures = [tray, np.full_like(tray, tray.mean((0, 1)).astype(np.uint8)), np.full_like(tray, 128)]
    scores = detector_scores(detector, [resized(one, detector.spec) for one in pictures])
    assert min(scores) > 2 * detector.threshold.value


def test_what_is_learned_is_judged_by_its_places_alone():
    features = features_of(12, np.random.default_rng(0))
    places, whole = fit_gauss(features), whole_part(features, np.random.default_rng(0))
    farthest = max(whole.distances(one).item() for one in features)
    both = with_whole(places, whole, farthest, 5.0)
    for one in features:
        np.testing.assert_array_equal(both.distances(one), places.distances(one))


def test_every_place_gains_the_threshold_at_twice_the_limit():
    random = np.random.default_rng(0)
    features, other = features_of(12, random), features_of(1, random)[0] + 3
    places, whole = fit_gauss(features), whole_part(features, np.random.default_rng(0))
    farthest = whole.distances(other).item() / 8
    both = with_whole(places, whole, farthest, 5.0)
    np.testing.assert_allclose(both.distances(other), places.distances(other) + 5, rtol=1e-5)
