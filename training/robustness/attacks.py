"""Gradient attacks: the smallest change of a picture's bytes that a network is most sensitive to.

FGSM (Goodfellow et al. 2015) takes one step along the gradient's sign; PGD (Madry et al. 2018) takes several, from a
random start, and stays within the same distance. Written out here: both are a few lines of PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    Loss = Callable[[Any], Any]

HIGHEST = 255.0


@dataclass(frozen=True, slots=True)
class Attack:
    """How strong an attack is.

    bytes_: the largest change of any value, in steps of 0 to 255.
    steps: 1 for FGSM, more for PGD.
    """

    bytes_: float
    steps: int = 1


def attacked(attack: Attack, loss: Loss, pixels: Any) -> Any:
    """Pictures that differ by at most `attack.bytes_` per value and make the loss large.

    Args:
        attack: how strong.
        loss: of the network's answer to a batch of pixels, a scalar to make large.
        pixels: N×C×H×W float32, 0 to 255. Random starts come from torch's own generator: seed it.

    Returns:
        Pixels of the same shape, 0 to 255, detached.
    """
    lowest = (pixels - attack.bytes_).clamp(0.0, HIGHEST)
    highest = (pixels + attack.bytes_).clamp(0.0, HIGHEST)
    stride = attack.bytes_ if attack.steps == 1 else 2.5 * attack.bytes_ / attack.steps
    found = pixels.detach().clone()
    if attack.steps > 1:
        found = torch.clamp(found + torch.empty_like(found).uniform_(-attack.bytes_, attack.bytes_), lowest, highest)
    for _ in range(attack.steps):
        found.requires_grad_(requires_grad=True)
        (slope,) = torch.autograd.grad(loss(found), found)
        found = torch.clamp(found.detach() + stride * slope.sign(), lowest, highest)
    return found
