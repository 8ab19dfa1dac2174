"""Teach the own backbone what a teacher sees in drawn pictures: a schedule of steps that can be cut off and resumed.

Squared error in the teacher's whitened axes, each weighted by its deviation; AdamW under a cosine with a short warm-up;
the file is made from a running average of the weights. Convolutions are multiplied in bfloat16, everything is added up
in float32. The same seed and number of threads give the same weights on the
same machine, interrupted or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from training.backbone.assembly import CENTRE, SPREAD
from training.backbone.student import StudentNetwork
from training.backbone.teacher import teacher_axes
from training.checkpoint import Checkpoint, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from training.backbone.lessons import Lessons
    from training.backbone.student import Layer

AXES_SHARDS = 4
HELD_BACK = 500
"""The last pictures are not learned from; the share of the teacher that is explained is measured on them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    steps: updates. batch: pictures in each. rate: the greatest learning rate. warm_up: steps until it is reached.
    decay: of the weights. average: how much of the running average each step keeps.
    """

    steps: int
    batch: int = 64
    rate: float = 3e-3
    warm_up: int = 200
    decay: float = 0.02
    average: float = 0.999
    save_every: int = 250

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        done = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.rate * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True, slots=True)
class Distilled:
    """What came of it.

    layers: the averaged network, its last layer giving the teacher's raw values.
    explained: share of the teacher's weighted variance that it gives on pictures it did not learn from.
    loss: of the last hundred steps, averaged.
    """

    layers: tuple[Layer, ...]
    explained: float
    loss: float


class Distillation:
    """One run.

    Args:
        lessons: at least 1,000 pictures.
        schedule: the steps.
        seed: of the first weights and the order of the pictures.
        checkpoint: the file that a cut-off run goes on from; written again every `save_every` steps.
            Another run's is refused.
    """

    def __init__(self, lessons: Lessons, schedule: Schedule, seed: int, checkpoint: Path) -> None:
        self._lessons, self._schedule, self._seed = lessons, schedule, seed
        self._axes = teacher_axes(np.concatenate(lessons.maps[:AXES_SHARDS]))
        self._weights = torch.from_numpy(self._axes.weights)
        torch.manual_seed(seed)
        self._student = StudentNetwork(len(self._axes.mean)).to(memory_format=torch.channels_last)
        self._average = StudentNetwork(len(self._axes.mean))
        self._average.load_state_dict(self._student.state_dict())
        self._optimizer = torch.optim.AdamW(self._student.parameters(), schedule.rate, weight_decay=schedule.decay)
        self._step = 0
        self._losses: list[float] = []
        self._checkpoint = Checkpoint(checkpoint, self._fingerprint())

    def run(self, progress: Callable[[int, float], object] | None = None) -> Distilled:
        """Go through the steps that are left; `progress` hears each step's number and loss.

        Raises:
            BadInputError: the checkpoint is damaged, or another run's.
        """
        self._resume()
        orders = self._orders()
        while self._step < self._schedule.steps:
            self._learn(next(orders))
            self._step += 1
            if progress is not None:
                progress(self._step, self._losses[-1])
            if self._step % self._schedule.save_every == 0 or self._step == self._schedule.steps:
                self._save()
        return Distilled(tuple(self._raw_layers()), self._explained(), float(np.mean(self._losses[-100:])))

    def _orders(self) -> Iterator[npt.NDArray[np.intp]]:
        """The numbers of each batch from the present step on: every picture once per turn, in an order of its own."""
        learned = len(self._lessons) - HELD_BACK
        per_turn = learned // self._schedule.batch
        turn, place = divmod(self._step, per_turn)
        while True:
            order = np.random.default_rng((self._seed, turn)).permutation(learned)
            for batch in range(place, per_turn):
                yield order[batch * self._schedule.batch : (batch + 1) * self._schedule.batch]
            turn, place = turn + 1, 0

    def _learn(self, numbers: npt.NDArray[np.intp]) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self._schedule.rate_at(self._step)
        self._student.train()
        with torch.autocast("cpu", torch.bfloat16):
            loss = self._error(self._student, numbers)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), 1.0)
        self._optimizer.step()
        self._losses.append(loss.item())
        self._follow()

    def _error(self, student: StudentNetwork, numbers: npt.NDArray[np.intp]) -> torch.Tensor:
        """Mean over cells of the weighted squared error in whitened axes: 1 for a student that knows the mean alone."""
        pictures, maps = self._lessons.pick(numbers)
        wanted = torch.from_numpy(self._axes.whitened(maps)).permute(0, 3, 1, 2)
        values = torch.from_numpy((pictures.astype(np.float32) - CENTRE) / SPREAD).permute(0, 3, 1, 2)
        missed = functional.mse_loss(student(values).float(), wanted, reduction="none").mean((0, 2, 3))
        return (missed * self._weights).sum()

    def _follow(self) -> None:
        """The average follows; at first it follows faster, so that it does not remember the beginning."""
        keep = min(self._schedule.average, (1 + self._step) / (10 + self._step))
        average, student = (one.state_dict().values() for one in (self._average, self._student))
        with torch.no_grad():
            for mine, now in zip(average, student, strict=True):
                if mine.is_floating_point():
                    mine.lerp_(now, 1 - keep)
                else:
                    mine.copy_(now)

    def _explained(self) -> float:
        self._average.eval()
        numbers = np.arange(len(self._lessons) - HELD_BACK, len(self._lessons))
        with torch.no_grad():
            errors = [self._error(self._average, part).item() for part in np.array_split(numbers, 10)]
        return 1 - float(np.mean(errors))

    def _raw_layers(self) -> Iterator[Layer]:
        *before, last = self._average.layers()
        yield from before
        weights, bias = self._axes.fold(last.weights[:, 0, 0, :], last.bias)
        yield replace(last, weights=weights[:, None, None, :], bias=bias)

    def _save(self) -> None:
        """All that the next step depends on."""
        self._checkpoint.write(
            {
                "step": self._step,
                "losses": self._losses,
                "student": self._student.state_dict(),
                "average": self._average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
            }
        )

    def _resume(self) -> None:
        state = self._checkpoint.read()
        if state is None:
            return
        self._step, self._losses = state["step"], state["losses"]
        self._student.load_state_dict(state["student"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _fingerprint(self) -> str:
        """Of schedule, seed, start and lessons; the first of these are known by what the teacher sees in them."""
        axes = [getattr(self._axes, field.name).tobytes().hex() for field in fields(self._axes)]
        return fingerprint_of((self._schedule, self._seed, len(self._lessons), *axes), (self._student,))
