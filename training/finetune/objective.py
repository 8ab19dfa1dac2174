"""What a network is taught to do, and how well it does it: one object per task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.nn import functional


class Objective(Protocol):
    """A task. `answers` are what the network gives to a batch, `wanted` the batch's answers as tensors."""

    def loss(self, answers: Any, wanted: Any) -> Any:
        """A scalar to make small."""

    def distance(self, answers: Any, taught: Any, temperature: float) -> Any:
        """How far a student's answers are from a teacher's, a scalar to make small."""

    def score(self, answers: Any, wanted: Any) -> Any:
        """Per picture, 0 to 1, greater is better."""


@dataclass(frozen=True, slots=True)
class Classes:
    """One class per picture; answers are N×classes logits. The score is 1 for the right class."""

    smoothing: float = 0.0

    def loss(self, answers: Any, wanted: Any) -> Any:
        """Cross-entropy with smoothed labels (Szegedy et al. 2016)."""
        return functional.cross_entropy(answers, wanted, label_smoothing=self.smoothing)

    def distance(self, answers: Any, taught: Any, temperature: float) -> Any:
        """Kullback–Leibler divergence of softened answers (Hinton et al. 2015)."""
        student = functional.log_softmax(answers / temperature, dim=1)
        teacher = functional.log_softmax(taught / temperature, dim=1)
        return temperature**2 * functional.kl_div(student, teacher, reduction="batchmean", log_target=True)

    def score(self, answers: Any, wanted: Any) -> Any:
        """Right or not."""
        return (answers.argmax(dim=1) == wanted).float()


def heard_together(answers: Any, recordings: Any) -> Any:
    """What the board answers to whole recordings (`edge_runtime/infer/joined.py`): the mean over a recording's inputs.

    Args:
        answers: N×classes logits.
        recordings: N int64, 0 to R - 1, each at least once: of which recording an input is.

    Returns:
        R×classes probabilities, float64.
    """
    shares = functional.softmax(answers.double(), dim=1)
    sums = torch.zeros(int(recordings.max()) + 1, shares.shape[1], dtype=shares.dtype, device=shares.device)
    sums.index_add_(0, recordings, shares)
    return sums / torch.bincount(recordings)[:, None]


@dataclass(frozen=True, slots=True)
class Masks:
    """A class per place; answers are N×classes×H×W logits. The score is the overlap of what is no background."""

    def loss(self, answers: Any, wanted: Any) -> Any:
        """Cross-entropy, and one minus the soft overlap (Dice), which small faults need beside it."""
        wanted = wanted.long()
        shares = functional.softmax(answers, dim=1)[:, 1:]
        true = functional.one_hot(wanted, answers.shape[1]).movedim(-1, 1)[:, 1:].to(shares.dtype)
        both = (shares * true).sum(dim=(0, 2, 3))
        dice = (2 * both + 1) / (shares.sum(dim=(0, 2, 3)) + true.sum(dim=(0, 2, 3)) + 1)
        return functional.cross_entropy(answers, wanted) + (1 - dice).mean()

    def distance(self, answers: Any, taught: Any, temperature: float) -> Any:
        """Kullback–Leibler divergence of softened answers, mean over places."""
        student = functional.log_softmax(answers / temperature, dim=1)
        teacher = functional.log_softmax(taught / temperature, dim=1)
        places = answers.shape[0] * answers.shape[2] * answers.shape[3]
        return temperature**2 * functional.kl_div(student, teacher, reduction="sum", log_target=True) / places

    def score(self, answers: Any, wanted: Any) -> Any:
        """Intersection over union of the places that are not background; 1 where there are none and none are found."""
        found = answers.argmax(dim=1)
        right = ((found == wanted) & (found > 0)).sum(dim=(1, 2)).float()
        either = ((found > 0) | (wanted > 0)).sum(dim=(1, 2)).float()
        return torch.where(either > 0, right / either.clamp(min=1), torch.ones_like(right))
