from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.gate.metrics import auroc
from edge_contracts.errors import BadInputError
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import prepare
from training.augmentation.recipe import Light, Recipe
from training.detectors.learn import Backbone, Detector, Sight, learn, separation_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


def _answers(detector: Detector, frames: list[np.ndarray]) -> list[dict[str, np.ndarray]]:
    backend = open_backend(detector.model, model_format="tflite", runtime="litert", threads=1)
    tensors = [prepare(frame, detector.spec) for frame in frames]
    return [backend.run(lambda buffer, one=one: np.copyto(buffer, one)) for one in tensors]


def test_a_scratch_scores_above_what_was_learned(detector: Detector, draw_part: Callable[..., np.ndarray]) -> None:
    good = [float(one["score"][0]) for one in _answers(detector, [draw_part(seed) for seed in range(100, 120)])]
    bad_frames = [draw_part(seed, scratch=True) for seed in range(200, 220)]
    bad = [float(one["score"][0]) for one in _answers(detector, bad_frames)]
    assert auroc(good, bad) > 0.98
    assert np.mean(np.array(bad) >= detector.threshold.value) > 0.9
    assert np.mean(np.array(good) >= detector.threshold.value) <= 0.25


def test_the_heat_map_points_at_the_scratch(detector: Detector, draw_part: Callable[..., np.ndarray]) -> None:
    frame = draw_part(300)
    frame[20:30, 125:140] = 235
    (answer,) = _answers(detector, [frame])
    heat = answer["heat_map"][0, ..., 0]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 20 / 120 * 14 - 1.5 <= row <= 30 / 120 * 14 + 0.5
    assert 125 / 160 * 14 - 1.5 <= column <= 140 / 160 * 14 + 0.5


def test_the_same_photographs_give_the_same_bytes(detector: Detector, good_parts: list[np.ndarray]) -> None:
    again = learn(good_parts)
    assert again.model == detector.model
    assert again.threshold == detector.threshold


def test_what_was_seen_for_the_choice_is_what_is_learned(good_parts: list[np.ndarray]) -> None:
    small = Sight(side_px=96)
    chosen = learn(good_parts[:10], sight=small)
    asked_for = learn(good_parts[:10], kind=chosen.selection.kind, sight=small)
    assert chosen.model == asked_for.model
    assert chosen.threshold == asked_for.threshold


def test_few_parts_are_learned_with_copies_and_many_without(
    detector: Detector, draw_part: Callable[..., np.ndarray]
) -> None:
    assert detector.copies == 6
    assert len(detector.good_scores) == 20
    assert learn([draw_part(seed) for seed in range(50)], kind="gauss").copies == 0


def test_a_long_part_is_looked_at_in_proportion(draw_part: Callable[..., np.ndarray]) -> None:
    detector = learn([draw_part(seed, height=100, width=300) for seed in range(12)], kind="gauss")
    assert (detector.spec.height_px, detector.spec.width_px) == (224, 672)


def test_a_classifier_can_lend_its_features(
    data: Path, good_parts: list[np.ndarray], draw_part: Callable[..., np.ndarray]
) -> None:
    file = data / "mlperf-tiny/vww_96_int8.tflite"
    detector = learn(good_parts, backbone=Backbone(file.read_bytes(), file.name))
    good = [float(one["score"][0]) for one in _answers(detector, [draw_part(seed) for seed in range(100, 110)])]
    bad_frames = [draw_part(seed, scratch=True) for seed in range(200, 210)]
    bad = [float(one["score"][0]) for one in _answers(detector, bad_frames)]
    assert detector.method == "backbone"
    assert auroc(good, bad) > 0.9


def test_progress_is_told_for_each_photograph(good_parts: list[np.ndarray]) -> None:
    seen: list[int] = []
    learn(good_parts[:12], kind="gauss", progress=seen.append)
    assert seen == list(range(1, 13))


def test_too_few_photographs_say_how_many_are_missing(good_parts: list[np.ndarray]) -> None:
    with pytest.raises(BadInputError, match="found 7; take 3 more"):
        learn(good_parts[:7])


def test_copies_of_one_file_do_not_count(good_parts: list[np.ndarray]) -> None:
    with pytest.raises(BadInputError, match="found 1 among 30"):
        learn(good_parts[:1] * 30)


@pytest.mark.parametrize(
    ("groups", "found"),
    [(["one"] * 20, "all 20 of one group or nearly the same"), (["a", "b"], "wanted a group for each")],
)
def test_groups_that_cannot_be_split_are_refused(groups: list[str], found: str, good_parts: list[np.ndarray]) -> None:
    with pytest.raises(BadInputError, match=found):
        learn(good_parts, groups=groups)


def test_a_detector_looks_as_it_is_told_to(good_parts: list[np.ndarray]) -> None:
    sight = Sight(side_px=96, recipe=Recipe(light=Light(brightness=0.1)))
    found = learn([*good_parts, *good_parts, *good_parts], kind="gauss", sight=sight)
    assert (found.input_size, found.copies) == ({"height_px": 96, "width_px": 96}, 6)


@pytest.mark.parametrize(
    ("side", "stride", "words"),
    [
        (200, None, "a multiple of 32 px, 64 to 2048, found 200; take 192"),
        (100_000, None, "64 to 2048, found 100000; take 2048"),
        (None, 8, "at stride 8, found only 16 in Gabor"),
    ],
)
def test_a_sight_that_nothing_has_is_refused(
    side: int | None, stride: int | None, words: str, good_parts: list[np.ndarray]
) -> None:
    with pytest.raises(BadInputError, match=words):
        learn(good_parts, kind="gauss", sight=Sight(side, stride))


def test_one_kind_shows_alone_what_it_shows_among_all(detector: Detector, good_parts: list[np.ndarray]) -> None:
    alone = separation_of(good_parts, groups=None, backbone=None, kind="gauss", sight=Sight(), seed=0)
    assert alone == detector.selection.trials[0].separation
