"""Which noise the gate hears: the worst output's, and that of scores beside larger numbers."""

import numpy as np
import pytest

from converters.gate.noise import MOST_DB, worst_noise
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


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1), (1, 0, 2)])
def test_scores_that_are_dead_beside_boxes_in_one_output_are_heard(axes):
    dead = detector()
    dead[:, SCORES] = 0
    found = worst_noise(pairs({"y": dead.transpose(axes)}, y=detector().transpose(axes)))
    assert found.signal_to_noise_db == pytest.approx(0, abs=0.01)
    assert f"the scores at place 4 along axis {axes.index(1)} of output 'y'" in found.where


def test_scores_of_a_class_that_never_comes_may_be_coarse():
    wanted = detector()
    wanted[:, 5] *= 0.01
    found = wanted.copy()
    found[:, SCORES] = np.round(found[:, SCORES] * 256) / 256
    assert worst_noise(pairs({"y": found}, y=wanted)).signal_to_noise_db > 40


def test_small_values_that_are_no_scores_are_judged_with_the_rest():
    wanted = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 2, 6)
    assert worst_noise(pairs({"y": np.round(wanted * 8) / 8}, y=wanted)).where == ""


def test_the_worst_of_several_outputs_is_named():
    boxes, scores = detector()[:, BOXES], detector()[:, SCORES]
    found = worst_noise(pairs({"scores": scores * 0.5}, boxes=boxes, scores=scores))
    assert found.signal_to_noise_db == pytest.approx(6.02, abs=0.01)
    assert found.where == "output 'scores'"


@pytest.mark.parametrize("size", [1.0, 1e-14, 1e12])
def test_the_figure_does_not_depend_on_the_unit(size):
    wanted = detector()[:, BOXES] * np.float32(size)
    assert worst_noise(pairs({"y": wanted * 0}, y=wanted)).signal_to_noise_db == pytest.approx(0)
    assert worst_noise(pairs({"y": wanted * np.float32(0.9)}, y=wanted)).signal_to_noise_db == pytest.approx(
        20, abs=0.01
    )
    assert worst_noise(pairs({}, y=wanted)).signal_to_noise_db == MOST_DB


def test_noise_where_there_is_no_signal_is_no_signal():
    nothing = np.zeros((1, 4), np.float32)
    assert worst_noise(pairs({"y": nothing + np.float32(1e-9)}, y=nothing)).signal_to_noise_db < 0
    assert worst_noise(pairs({"y": nothing + np.float32(np.nan)}, y=nothing)).signal_to_noise_db == -np.inf
