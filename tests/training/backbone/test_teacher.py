"""The teacher's axes: whitened values have variance one, and folding back gives raw values."""

import numpy as np

from training.backbone.teacher import teacher_axes


def maps():
    rng = np.random.default_rng(5)
    mixed = rng.normal(size=(40, 5, 5, 6)) * (9, 4, 2, 1, 0.5, 0.4) @ rng.normal(size=(6, 6)) + 3
    return mixed.astype(np.float32)


def test_each_direction_is_asked_for_alike_and_counts_by_its_deviation():
    axes = teacher_axes(maps())
    white = axes.whitened(maps()).reshape(-1, 6)
    assert np.allclose(white.mean(0), 0, atol=1e-3)
    assert np.allclose(np.cov(white, rowvar=False), np.eye(6), atol=0.02)
    assert np.allclose(axes.weights, axes.deviation / axes.deviation.sum(), atol=1e-6)
    assert list(axes.deviation) == sorted(axes.deviation, reverse=True)


def test_a_direction_that_is_the_teachers_rounding_does_not_count():
    flat = maps()
    flat[..., 1] = flat[..., 0]
    assert teacher_axes(flat).weights[-1] == 0


def test_a_layer_that_gives_whitened_values_gives_raw_ones_when_folded():
    axes, rng = teacher_axes(maps()), np.random.default_rng(1)
    weights, bias, inner = rng.normal(size=(6, 4)), rng.normal(size=6), rng.normal(size=4)
    raw_weights, raw_bias = axes.fold(weights.astype(np.float32), bias.astype(np.float32))
    assert np.allclose(axes.whitened(raw_weights @ inner + raw_bias), weights @ inner + bias, atol=1e-3)


def test_the_axes_of_the_same_maps_point_the_same_way():
    again = teacher_axes(maps()[::-1].copy())
    assert np.allclose(teacher_axes(maps()).axes, again.axes, atol=1e-3)
