"""Logistic regression for few samples and many numbers: both classes weigh the same, the weights stay small.

It minimises ½ |w|² + C Σ sᵢ log(1 + exp(-tᵢ (w·xᵢ + b))), xᵢ standardised, tᵢ = ±1, sᵢ = n / (2 n_class), so that ten
defects speak as loudly as five hundred good parts. Newton's method with conjugate gradients ("truncated Newton":
Komarek and Moore, "Making Logistic Regression a Core Data Mining Tool", 2005): no
square matrix of the numbers is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    Floats = npt.NDArray[np.float64]

C = 0.01
"""Weight of the data against the size of the weights; hundreds of numbers and ten defects need a small one."""

MOST_STEPS = 50
MOST_DIRECTIONS = 100
GRADIENT = 1e-8
"""Where to stop: the gradient's length, relative to that at the start."""

EASING = 1e-3
"""Each Newton step is solved to this share of its own start: exact enough to converge within a few more."""

# A number that varies by less than this share of its size stands still: its rounding must not be blown up.
STILL = 1e-6


@dataclass(frozen=True, slots=True)
class Logistic:
    """logit = weights · x + bias, for rows x as they were given, not standardised.

    weights: D float64.
    """

    weights: Floats
    bias: float

    def logits(self, rows: npt.NDArray[np.floating]) -> Floats:
        """One logit per row of N×D; above zero a defect is likelier, were both kinds as frequent."""
        return np.asarray(rows @ self.weights + self.bias, np.float64)


def fit_logistic(rows: npt.NDArray[np.floating], is_defect: npt.NDArray[np.bool_], strength: float = C) -> Logistic:
    """Fit to N×D rows, of which some are defects and some are not.

    Raises:
        ValueError: only one of the two kinds is there.
    """
    if not 0 < is_defect.sum() < len(is_defect):
        raise ValueError(f"wanted rows of good parts and of defects, found {is_defect.sum()} defects of {len(rows)}")
    centre, spread = _scale(rows)
    standard = np.concatenate([(rows - centre) / spread, np.ones((len(rows), 1))], axis=1)
    of_defects = float(is_defect.mean())
    shares = strength / (2 * np.where(is_defect, of_defects, 1 - of_defects))
    costly = np.append(np.ones(rows.shape[1]), 0.0)
    found = _minimise(_Problem(standard, is_defect, shares, costly))
    weights = found[:-1] / spread
    return Logistic(weights, float(found[-1] - weights @ centre))


def _scale(rows: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
    centre, spread = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    moving = spread > STILL * np.abs(rows).max(axis=0)
    return centre, np.where(moving, spread, np.inf)


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is minimised.

    rows: N×D, the last number always one: the bias is a weight that costs nothing.
    shares: what each row weighs. costly: 1 for a weight whose size costs, 0 for the bias.
    """

    rows: Floats
    is_defect: npt.NDArray[np.bool_]
    shares: Floats
    costly: Floats

    def cost(self, weights: Floats) -> float:
        margins = np.where(self.is_defect, 1.0, -1.0) * (self.rows @ weights)
        return float(self.shares @ np.logaddexp(0.0, -margins) + self.costly @ weights**2 / 2)

    def chances(self, weights: Floats) -> Floats:
        return np.asarray(np.exp(-np.logaddexp(0.0, -(self.rows @ weights))))

    def gradient(self, weights: Floats, chances: Floats) -> Floats:
        return np.asarray(self.rows.T @ (self.shares * (chances - self.is_defect)) + self.costly * weights)

    def curvature(self, chances: Floats) -> Callable[[Floats], Floats]:
        """The Hessian's product with a vector."""
        of_rows = self.shares * chances * (1 - chances)
        return lambda vector: self.rows.T @ (of_rows * (self.rows @ vector)) + self.costly * vector


def _minimise(problem: _Problem) -> Floats:
    found, first = np.zeros(problem.rows.shape[1]), 0.0
    for _ in range(MOST_STEPS):
        chances = problem.chances(found)
        gradient = problem.gradient(found, chances)
        length = float(np.linalg.norm(gradient))
        first = first or length
        if length <= GRADIENT * first:
            break
        step = _conjugate_gradients(problem.curvature(chances), -gradient)
        found = found + _share_that_falls(problem, found, step) * step
    return found


def _conjugate_gradients(product: Callable[[Floats], Floats], target: Floats) -> Floats:
    """Solve product(x) = target for a symmetric positive definite product (Hestenes and Stiefel, 1952)."""
    solution, rest = np.zeros_like(target), target.copy()
    direction, size = rest.copy(), float(target @ target)
    wanted = EASING**2 * size
    for _ in range(MOST_DIRECTIONS):
        turned = product(direction)
        length = size / float(direction @ turned)
        solution += length * direction
        rest -= length * turned
        smaller = float(rest @ rest)
        if smaller <= wanted:
            break
        direction = rest + smaller / size * direction
        size = smaller
    return solution


def _share_that_falls(problem: _Problem, here: Floats, step: Floats) -> float:
    """How much of a Newton step to take: all of it, or the first of a half, a quarter and so on that costs less."""
    before, share = problem.cost(here), 1.0
    while problem.cost(here + share * step) > before and share > EASING:
        share /= 2
    return share
