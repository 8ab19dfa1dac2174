"""A student that answers for each place what its surroundings let it expect; where it errs, something is strange.

The teacher is the feature part. The student sees the eight places around one, never the place itself, and has learned
by ridge regression from good parts to give the teacher's answer there (the idea of Bergmann et al., "Uninformed
Students", 2020, with a linear student that needs no training loop). Its error is measured in units of its own errors on
good parts (their covariance), with each position's mean error taken off, as far as N samples tell it: N / (N + 8).

The student does not know the position otherwise, so it suits textures and parts that lie differently each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.normality import SMOOTHING_CELLS, Floats, principal_axes, require_usable

if TYPE_CHECKING:
    from training.features.wiring import Wiring

COMPONENTS = 32
# Of the mean variance: enough that many inputs and few parts do not learn each part by heart.
RIDGE_OF_SURROUNDINGS = 1e-2
RIDGE_OF_ERRORS = 1e-3
DOUBTED_SAMPLES = 8
LEARNED_PLACES = 20_000


@dataclass(frozen=True, slots=True)
class Student:
    """The learned parameters, all float32.

    centre: C, the mean feature.
    projection: C×K, principal axes as columns.
    errs: 3×3×K×K; the sum over a place's 3×3 neighbourhood of x @ errs is the student's error, whitened and divided by
        sqrt(K): an average good place has the squared length 1.
    usual: h×w×K, each position's mean of that on good parts.
    """

    centre: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float32]
    errs: npt.NDArray[np.float32]
    usual: npt.NDArray[np.float32]

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Squared, whitened error at each place of h×w×C features: h×w float32."""
        places = (features.astype(np.float32) - self.centre) @ self.projection
        around = _neighbourhoods(places[None])[0]
        error = around @ self.errs.reshape(-1, self.errs.shape[3]) - self.usual
        return np.asarray(np.square(error).sum(axis=-1))

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph; see `Normality`."""
        places = pen.mirror(pen.project(features, self.projection, self.centre), SMOOTHING_CELLS // 2)
        weights = self.errs.transpose(3, 0, 1, 2)
        error = pen.convolve(places, weights, np.zeros(len(weights)), padding="VALID")
        return pen.squared_length(pen.pointwise("SUB", error, pen.constant("usual", self.usual[None])))


def fit_student(features: Floats, random: np.random.Generator) -> Student:
    """Teach a student on N×h×w×C features of good parts, N ≥ 2, h and w ≥ 2.

    Args:
        features: what was seen.
        random: draws the places that the student learns from.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or no variation at all.
    """
    require_usable(features)
    centre, projection = principal_axes(features.reshape(-1, features.shape[-1]), min(COMPONENTS, features.shape[-1]))
    # One sample after the other: all neighbourhoods at once would take nine times the features' memory.
    places = np.stack([((one - centre) @ projection).astype(np.float32) for one in features])
    scatter = _scatter(places, random)
    errs = _errors_of(scatter)
    known = len(places) / (len(places) + DOUBTED_SAMPLES)
    usual = known * np.mean([_neighbourhoods(one[None])[0] @ errs for one in places], axis=0)
    whitening = _whitening(errs, scatter, usual, known)
    kept = places.shape[-1]
    return Student(
        centre.astype(np.float32),
        projection.astype(np.float32),
        (errs @ whitening).reshape(SMOOTHING_CELLS, SMOOTHING_CELLS, kept, kept).astype(np.float32),
        (usual @ whitening).astype(np.float32),
    )


def _neighbourhoods(places: Floats) -> Floats:
    """N×h×w×(9·K): each place's 3×3 neighbourhood, row by row, mirrored at the edges."""
    padded = np.pad(places, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    rows, columns = places.shape[1:3]
    steps = range(SMOOTHING_CELLS)
    shifted = [padded[:, down : down + rows, right : right + columns] for down in steps for right in steps]
    return np.concatenate(shifted, axis=-1)


def _scatter(places: Floats, random: np.random.Generator) -> Floats:
    """Mean of n nᵀ over neighbourhoods n, (9·K)×(9·K); of at most 20,000, drawn evenly from the samples."""
    share = min(1.0, LEARNED_PLACES * places.shape[-1] / places.size)
    total, count = np.zeros((9 * places.shape[-1],) * 2), 0
    for one in places:
        around = _neighbourhoods(one[None]).reshape(-1, len(total))
        drawn = around[random.random(len(around)) <= share].astype(np.float64)
        total += drawn.T @ drawn
        count += len(drawn)
    return total / max(count, 1)


def _errors_of(scatter: Floats) -> Floats:
    """(9·K)×K: the middle place itself minus what the others let expect of it."""
    kept = len(scatter) // 9
    middle = np.arange(4 * kept, 5 * kept)
    others = np.setdiff1d(np.arange(9 * kept), middle)
    within = scatter[np.ix_(others, others)]
    ridge = RIDGE_OF_SURROUNDINGS * np.trace(within) / len(others) * np.eye(len(others))
    errs = np.zeros((9 * kept, kept))
    errs[middle] = np.eye(kept)
    errs[others] = -np.linalg.solve(within + ridge, scatter[np.ix_(others, middle)])
    return errs


def _whitening(errs: Floats, scatter: Floats, usual: Floats, known: float) -> Floats:
    """K×K: makes errors, less what is usual at their position, uncorrelated and of squared length 1."""
    kept = errs.shape[1]
    mean = usual.reshape(-1, kept) / known
    # E[(e - k·m)(e - k·m)ᵀ] with m = E[e] at the position.
    covariance = errs.T @ scatter @ errs - known * (2 - known) * mean.T @ mean / len(mean)
    covariance += RIDGE_OF_ERRORS * np.trace(covariance) / kept * np.eye(kept)
    whitening: Floats = np.linalg.inv(np.linalg.cholesky(covariance)).T / np.sqrt(kept)
    return whitening
