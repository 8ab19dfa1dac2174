from __future__ import annotations

import numpy as np
import pytest

from lepton.demo.camera import Camera, Daylight, Light

PLAIN = Light(gain=1, tilt=0, warmth=0)


def exposed(light: Light, level: float = 100, seed: int = 0) -> np.ndarray:
    camera = Camera.mounted(160, 120, np.random.default_rng(1))
    return camera.expose(np.full((120, 160, 3), level, np.float32), light, np.random.default_rng(seed))


def test_two_exposures_differ_by_noise_alone() -> None:
    first, second = exposed(PLAIN, seed=1).astype(int), exposed(PLAIN, seed=2).astype(int)
    noise = (first - second).std() / np.sqrt(2)
    assert 1.5 < noise < 5
    assert abs((first - second).mean()) < 2


def test_bright_pixels_are_noisier_than_dark_ones() -> None:
    dark, bright = ((exposed(PLAIN, level, 1).astype(int) - exposed(PLAIN, level, 2)).std() for level in (20.0, 180.0))
    assert bright > 1.5 * dark


def test_light_brightens_tilts_and_warms() -> None:
    plain, bright = exposed(PLAIN), exposed(Light(1.2, 0, 0))
    assert bright.mean() == pytest.approx(1.2 * plain.mean(), rel=0.02)
    tilted = exposed(Light(1, 0.1, 0)).astype(float) - plain
    assert tilted[:, 120:].mean() > 3 > -3 > tilted[:, :40].mean()
    warm = exposed(Light(1, 0, 0.05)).astype(float) - plain
    assert warm[..., 0].mean() > 3 > -3 > warm[..., 2].mean()


def test_the_middle_is_brighter_than_the_corners() -> None:
    picture = exposed(PLAIN).astype(float)
    assert picture[50:70, 70:90].mean() > 1.1 * picture[:12, :12].mean()


def test_nothing_is_brighter_than_white_or_darker_than_black() -> None:
    assert exposed(PLAIN, 400).min() > 200
    assert exposed(PLAIN, 0).max() < 20


def test_the_light_drifts_smoothly_and_a_little() -> None:
    gains = np.array([Daylight(1.0).at(moment).gain for moment in np.linspace(-0.5, 1, 1500)])
    assert 0.02 < np.ptp(gains) < 0.15
    assert np.abs(np.diff(gains)).max() < 0.001
