from __future__ import annotations

import numpy as np
import pytest

from training.features.feature_part import extract_features
from training.features.gabor import CHANNELS, gabor_features, gabor_pair


def _waves(angle_rad: float, wavelength_px: float = 4.0) -> np.ndarray:
    y, x = np.mgrid[0:224, 0:224]
    wave = 128 + 60 * np.sin(2 * np.pi * (x * np.cos(angle_rad) + y * np.sin(angle_rad)) / wavelength_px)
    return np.repeat(wave[..., None], 3, axis=2).astype(np.uint8)


def test_kernels_ignore_flat_light() -> None:
    for angle in np.linspace(0, np.pi, 7):
        even, odd = gabor_pair(angle)
        assert even.shape == odd.shape == (7, 7)
        assert [even.sum(), odd.sum()] == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("number", range(6))
def test_each_direction_has_its_channel(number: int) -> None:
    part = gabor_features(224, 224)
    (features,) = extract_features(part, [_waves(number * np.pi / 6)])
    inner = features[4:10, 4:10, :6].mean(axis=(0, 1))
    assert inner.argmax() == number


def test_texture_does_not_change_with_the_light() -> None:
    part = gabor_features(224, 224)
    picture = _waves(0.4) // 2
    bright = np.clip(picture.astype(np.float32) * 1.5, 0, 255).astype(np.uint8)
    plain, lit = extract_features(part, [picture, bright])
    moduli = slice(0, CHANNELS - 3)
    # Without flattening every modulus would grow by log 1.5 = 0.41.
    assert np.abs(lit[..., moduli] - plain[..., moduli]).mean() < 0.1


def test_a_black_picture_has_finite_features() -> None:
    part = gabor_features(224, 224)
    assert np.isfinite(extract_features(part, [np.zeros((224, 224, 3), np.uint8)])).all()


@pytest.mark.parametrize(("height", "width"), [(224, 224), (224, 448), (352, 224)])
def test_cells_are_sixteen_pixels(height: int, width: int) -> None:
    part = gabor_features(height, width)
    features = extract_features(part, [np.full((height, width, 3), 90, np.uint8)])
    declared = part.graph.tensors["features"].shape
    assert features.shape == declared == (1, height // 16, width // 16, CHANNELS)
