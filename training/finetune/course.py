"""How a network learns: steps, rates, what is done to the pictures. Values, no behaviour beside the schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.finetune.altered_views import Alteration

LAST_SHARE = 0.01
"""Of the learning rate, where the cosine ends."""


@dataclass(frozen=True, slots=True)
class Course:
    """One stage of training. Everything that its result depends on beside the pictures and the start.

    steps: batches in all.
    batch: pictures in each.
    rate: AdamW's learning rate at its highest.
    decay: AdamW's weight decay; normalisations and biases have none.
    warm_up: share of the steps in which the rate rises.
    look_every: steps between two looks at the held-out pictures; then a checkpoint is written, too.
    patience: looks without a gain after which training stops; 0 to go on to the end.
    smoothing: share of the wanted class that is spread over all.
    turn_degrees, zoom, shift, light: the most that a view is turned, grown or shrunk, moved (shares of its size), and
        brightened or darkened (share).
    mirror: whether views are mirrored.
    noise_bytes: standard deviation, at most, of noise on the pixels.
    altered: views by a recipe of augmentation instead of all these; None for these.
    adversarial_bytes: half of each batch is changed by so much against the network; 0 for none.
    taught: share of the loss that is the distance to a teacher's answers, where there is a teacher.
    temperature: what both answers are divided by before they are compared.
    seed: of the order, the views and all else that is random.
    """

    steps: int = 2000
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.01
    warm_up: float = 0.05
    look_every: int = 100
    patience: int = 0
    smoothing: float = 0.05
    turn_degrees: float = 5.0
    zoom: float = 0.05
    shift: float = 0.05
    light: float = 0.1
    mirror: bool = False
    noise_bytes: float = 0.0
    altered: Alteration | None = None
    adversarial_bytes: float = 0.0
    taught: float = 0.9
    temperature: float = 4.0
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """The learning rate of a step: up in a line, down along a cosine (Loshchilov and Hutter 2017)."""
        rising = max(1, round(self.warm_up * self.steps))
        if step < rising:
            return self.rate * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        return self.rate * (LAST_SHARE + (1 - LAST_SHARE) * (1 + math.cos(math.pi * done)) / 2)
