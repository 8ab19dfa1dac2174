"""Rounding weights one by one, the error of each carried to those that are still to be rounded.

What rounding costs an operator is d H dᵀ, with d the weights' errors of one output channel and H the second moments of
its inputs. Rounding to the nearest minimises d; rounding in order, and moving the open weights so that they make up for
each error, minimises the cost step by step: Hassibi and Stork, "Optimal brain surgeon", NIPS 1993; for rounding
Frantar et al., "GPTQ", ICLR 2023, whose order this is; in the form of Chee et al., "QuIP", NeurIPS 2023 (LDLQ), which
gives the same weights (their theorem 6) and inverts nothing. Nothing is random.
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
    feedback = _feedback(moments[:, order][:, :, order])
    rounded = _round_in_order(weights[:, :, order] / steps[:, :, None], feedback, limit)
    stored = np.empty(weights.shape, np.int8)
    stored[:, :, order] = rounded
    return stored


def _feedback(moments: Array) -> Array:
    """The unit upper triangular U of the damped moments U D Uᵀ: its column k weighs the earlier errors for weight k."""
    diagonal = np.diagonal(moments, axis1=1, axis2=2)
    damping = DAMPING * diagonal.mean(axis=1, keepdims=True)
    damped = moments + (damping + (damping == 0))[:, :, None] * np.eye(moments.shape[1])
    # The lower factor of a matrix turned by half a turn is, turned back, the upper one.
    upper = np.linalg.cholesky(damped[:, ::-1, ::-1])[:, ::-1, ::-1]
    return np.asarray(upper / np.diagonal(upper, axis1=1, axis2=2)[:, None, :])


def _round_in_order(weights: Array, feedback: Array, limit: int) -> npt.NDArray[np.int8]:
    """Weights in steps, not yet whole, to whole steps."""
    stored = np.empty(weights.shape, np.int8)
    errors = np.zeros_like(weights)
    inputs = weights.shape[2]
    for first in range(0, inputs, BLOCK):
        last = min(first + BLOCK, inputs)
        carried = errors[:, :, :first] @ feedback[:, :first, first:last]
        for place in range(first, last):
            own = (errors[:, :, first:place] @ feedback[:, first:place, place, None])[:, :, 0]
            aim = weights[:, :, place] + carried[:, :, place - first] + own
            stored[:, :, place] = np.clip(np.rint(aim), -limit, limit)
            errors[:, :, place] = weights[:, :, place] - stored[:, :, place]
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
