"""A Gaussian over figures of different kinds: levels in volts beside logarithms of powers.

Each figure is measured in its own standard deviations first, so that none drowns another, and all principal axes are
kept: with few recordings the axes in which they do not differ are where a fault shows. Both become part of the one
projection, so nothing more is computed than for any other Gauss.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from training.detectors.gauss import Gauss, fit_gauss

if TYPE_CHECKING:
    from training.detectors.normality import Floats

LEAST_STD = 1e-3
"""A figure that never changed may change by so much: a thousandth of its channel's spread, or of itself."""


def fit_figures(features: Floats, random: np.random.Generator | None = None) -> Gauss:
    """Fit to N×1×1×K figures of good parts, N ≥ 2.

    Args:
        features: what was measured.
        random: not used: nothing is drawn here.

    Raises:
        BadInputError: no figure that varies, or one that is no number.
    """
    mean = features.mean(axis=(0, 1, 2), dtype=np.float64)
    std = features.std(axis=(0, 1, 2), dtype=np.float64)
    if not std.max() > LEAST_STD:
        raise BadInputError("wanted recordings that differ, found the same again and again; record different parts")
    std = np.maximum(std, LEAST_STD)
    gauss = fit_gauss((features - mean) / std, random, components=features.shape[-1])
    return replace(
        gauss,
        centre=(gauss.centre * std + mean).astype(np.float32),
        projection=(gauss.projection / std[:, None]).astype(np.float32),
    )
