"""Rounding weights one by one, the error of each carried to those that are still to be rounded.

What rounding costs an operator is d H dᵀ, with d the weights' errors of one output channel and H the second moments of
its inputs. Rounding to the nearest minimises d; rounding in order, and moving the open weights so that they make up for
each error, minimises the cost step by step: Hassibi and Stork, "Optimal brain surgeon", NIPS 1993; for rounding
Frantar and Alistarh, "Optimal brain compression", NeurIPS 2022, in the order and Cholesky form of Frantar et al.,
"GPTQ", ICLR 2023. Nothing is random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

DAMPING = 0.01
"""Added to the diagonal of H, as a share of its mean: samples say nothing of some directions (GPTQ, section 3.3)."""

BLOCK = 64
"""Columns that are rounded before their errors reach the rest, in one product of matrices."""


def round_by_second_moments(weights: Array, steps: Array, moments: Array, limit: int) -> npt.NDArray[np.int8]:
    """Weights in whole steps, -limit to limit.

    Args:
        weights: groups x outputs x inputs: each group's outputs read the group's inputs.
        steps: groups x outputs, the size of a step, above 0.
        moments: groups x inputs x inputs, symmetric; of the inputs, centred where a bias takes up the mean error.
        limit: the largest number of steps.

    Returns:
        int8, the shape of `weights`.
    """
    order = np.argsort(-np.diagonal(moments, axis1=1, axis2=2).sum(axis=0), kind="stable")
    factor = _inverse_factor(moments[:, order][:, :, order])
    rounded = _round_in_order(weights[:, :, order].astype(np.float64), steps.astype(np.float64), factor, limit)
    stored = np.empty(weights.shape, np.int8)
    stored[:, :, order] = rounded
    return stored


def _inverse_factor(moments: Array) -> Array:
    """The upper triangular U with Uᵀ U the inverse of the damped moments."""
    diagonal = np.diagonal(moments, axis1=1, axis2=2)
    damping = DAMPING * diagonal.mean(axis=1, keepdims=True)
    damped = moments + (damping + (damping == 0))[:, :, None] * np.eye(moments.shape[1])
    return np.asarray(np.linalg.cholesky(np.linalg.inv(damped)).swapaxes(1, 2))


def _round_in_order(weights: Array, steps: Array, factor: Array, limit: int) -> npt.NDArray[np.int8]:
    stored = np.empty(weights.shape, np.int8)
    inputs = weights.shape[2]
    for first in range(0, inputs, BLOCK):
        last = min(first + BLOCK, inputs)
        errors = np.empty((*weights.shape[:2], last - first))
        for place in range(first, last):
            column = weights[:, :, place]
            stored[:, :, place] = np.clip(np.rint(column / steps), -limit, limit)
            errors[:, :, place - first] = (column - stored[:, :, place] * steps) / factor[:, None, place, place]
            weights[:, :, place:last] -= errors[:, :, place - first, None] * factor[:, None, place, place:last]
        weights[:, :, last:] -= errors @ factor[:, first:last, last:]
    return stored


def carried_over(weights: Array, moments: Array, cross: Array, damping: float) -> Array:
    """Weights that, on the int8 network's inputs, come nearest to what the float weights give on the float network's.

    Least squares with a ridge that holds them at the float weights where samples say little.

    Args:
        weights: groups x outputs x inputs.
        moments: groups x inputs x inputs, of the int8 inputs.
        cross: groups x inputs x inputs, of float minus int8 inputs (rows) with int8 inputs (columns).
        damping: the ridge, as a share of the moments' mean diagonal.
    """
    diagonal = np.diagonal(moments, axis1=1, axis2=2)
    ridge = damping * diagonal.mean(axis=1, keepdims=True)
    damped = moments + (ridge + (ridge == 0))[:, :, None] * np.eye(moments.shape[1])
    # So much ridge leaves the system well enough conditioned for float32, which is twice as fast.
    missing = (weights @ cross).astype(np.float32).swapaxes(1, 2)
    return np.asarray(weights + np.linalg.solve(damped.astype(np.float32), missing).swapaxes(1, 2))
