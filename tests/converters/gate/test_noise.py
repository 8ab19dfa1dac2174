"""Which noise the gate hears: the worst output's, and that of scores beside larger numbers."""

import numpy as np
import pytest

from converters.gate.noise import MOST_DB, worst_output, worst_part
from edge_runtime.frames import Scores

BOXES, SCORES = slice(0, 4), slice(4, 6)


def pairs(*changed, **outputs):
    """Float's answers to inputs, each with one of the artefact's, by the output's name."""
    return [
        (Scores(np.zeros(1), None, dict(outputs)), Scores(np.zeros(1), None, {**outputs, **found})) for found in changed
    ]


def detector(seed=0):
    """1 x (4 sides in pixels + 2 scores) x 64 cells."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(0, 640, (1, 4, 64)), rng.uniform(0, 1, (1, 2, 64))], axis=1).astype(np.float32)


def joined(like, **parts):
    """Of which parts an output `y` of two axes or more is joined, by slices along its second one."""
    numbers = np.arange(like.size).reshape(like.shape)
    return {"y": {name: numbers[:, part].reshape(-1) for name, part in parts.items()}}


def test_scores_that_are_dead_beside_boxes_in_one_output_are_heard():
    wanted, dead = detector(), detector()
    dead[:, SCORES] = 0
    found = worst_part(pairs({"y": dead}, y=wanted), joined(wanted, sides=BOXES, kinds=SCORES))
    assert found.signal_to_noise_db == pytest.approx(0, abs=0.01)
    assert found.where == "the scores 'kinds' in output 'y'"


def test_scores_of_a_class_that_never_comes_may_be_coarse():
    wanted = detector()
    wanted[:, 5] *= 0.01
    found = wanted.copy()
    found[:, SCORES] = np.round(found[:, SCORES] * 256) / 256
    parts = joined(wanted, sides=BOXES, seen=slice(4, 5), never=slice(5, 6))
    assert worst_part(pairs({"y": found}, y=wanted), parts) is None


def test_small_values_that_are_no_scores_are_judged_with_the_rest():
    wanted = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 2, 6) * np.float32([[[1], [100]]])
    parts = joined(wanted, small=slice(0, 1), large=slice(1, 2))
    assert worst_part(pairs({"y": np.round(wanted * 8) / 8}, y=wanted), parts) is None


def test_the_worst_of_several_outputs_is_named():
    boxes, scores = detector()[:, BOXES], detector()[:, SCORES]
    found = worst_output(pairs({"scores": scores * 0.5}, boxes=boxes, scores=scores))
    assert found.signal_to_noise_db == pytest.approx(6.02, abs=0.01)
    assert found.where == "output 'scores'"


@pytest.mark.parametrize("size", [1.0, 1e-14, 1e12])
def test_the_figure_does_not_depend_on_the_unit(size):
    wanted = detector()[:, BOXES] * np.float32(size)
    assert worst_output(pairs({"y": wanted * 0}, y=wanted)).signal_to_noise_db == pytest.approx(0)
    assert worst_output(pairs({"y": wanted * np.float32(0.9)}, y=wanted)).signal_to_noise_db == pytest.approx(
        20, abs=0.01
    )
    assert worst_output(pairs({}, y=wanted)).signal_to_noise_db == MOST_DB


def test_noise_where_there_is_no_signal_is_no_signal():
    nothing = np.zeros((1, 4), np.float32)
    assert worst_output(pairs({"y": nothing + np.float32(1e-9)}, y=nothing)).signal_to_noise_db < 0
    assert worst_output(pairs({"y": nothing + np.float32(np.nan)}, y=nothing)).signal_to_noise_db == -np.inf
