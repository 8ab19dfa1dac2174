"""The training loop: AdamW along a cosine, looks at held-out pictures, checkpoints from which nobody can tell a stop.

A step depends on the weights before it, the seed and its number, and on nothing else; so a training that was killed and
went on ends with the same bytes. That holds for one machine, one PyTorch and one number of threads: sums in another
order round otherwise.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edge_contracts.errors import BadInputError
from training.checkpoint import Checkpoint, fingerprint_of
from training.finetune.lesson import Scaling
from training.finetune.objective import heard_together
from training.finetune.views import batch_of
from training.robustness.attacks import Attack, attacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.finetune.course import Course
    from training.finetune.lesson import Lesson
    from training.finetune.objective import Objective

    Progress = Callable[[int, int], object]

JUDGED_AT_ONCE = 128
SEEDS_PER_STEP = 1_000_003
"""A prime: step seeds of different courses do not meet."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen after `step` steps. loss: mean of the steps since the last look. score: on held-out pictures."""

    step: int
    loss: float
    score: float


@dataclass(frozen=True, slots=True)
class Room:
    """Where and from what a network learns.

    lesson, held_out: pictures to learn, and others to look at.
    objective: the task.
    scaling: what the network gets for a byte.
    device: `cpu`, `cuda` …; on a GPU that has bfloat16, that is what convolutions compute in.
    """

    lesson: Lesson
    held_out: Lesson
    objective: Objective
    scaling: Scaling = field(default_factory=Scaling)
    device: str = "cpu"

    def facts(self) -> tuple[object, ...]:
        """What of it decides a result, for `fingerprint_of`."""
        return (self.lesson.digest, self.held_out.digest, self.objective, self.scaling, self.device)


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that has learned. network: with the weights of the best look. looks: all of them, in order."""

    network: Any
    looks: tuple[Look, ...]
    best: Look


def train(
    network: Any,
    room: Room,
    course: Course,
    *,
    teacher: Any = None,
    checkpoint: Path | None = None,
    progress: Progress = lambda _done, _steps: None,
) -> Trained:
    """Teach a network, in place.

    Args:
        network: a module of which each call takes N×C×H×W float32.
        room: pictures and task.
        course: how.
        teacher: a trained network whose answers are copied, too.
        checkpoint: a file to save to, and to go on from where it is there; None to save nothing.
        progress: told the steps done and all steps.

    Raises:
        BadInputError: no pictures, a checkpoint of something else, or a loss that is no number.
    """
    if not len(room.lesson) or not len(room.held_out):
        raise BadInputError("wanted pictures to learn and pictures to judge by, found none; give more")
    pupil = _Pupil(network.to(room.device), room, course, None if teacher is None else _frozen(teacher, room.device))
    kept = None if checkpoint is None else Checkpoint(checkpoint, pupil.fingerprint())
    with _reproducible(room.device):
        if kept is not None and (state := kept.read()) is not None:
            pupil.put(state)
        while not pupil.is_done:
            pupil.go_on_to_the_next_look(progress)
            if kept is not None:
                kept.write(pupil.state())
    progress(course.steps, course.steps)
    return pupil.result()


class _Pupil:
    """A network on its way, between two looks."""

    def __init__(self, network: Any, room: Room, course: Course, teacher: Any) -> None:
        self.network, self.room, self.course, self.teacher = network, room, course, teacher
        self.optimizer = torch.optim.AdamW(_groups(network, course.decay), lr=course.rate, fused=True)
        self.step = 0
        self.looks: list[Look] = []
        self.best_weights: dict[str, Any] = {}

    @property
    def best(self) -> Look:
        """The look with the highest score, the latest of equals: the rate was lower then."""
        return max(self.looks, key=lambda look: (look.score, look.step))

    @property
    def is_done(self) -> bool:
        """Whether all steps are done, or patience is over."""
        patience = self.course.patience * self.course.look_every
        if patience and self.looks:
            gained = next(look.step for look in self.looks if look.score == self.best.score)
            if self.step - gained >= patience:
                return True
        return self.step >= self.course.steps

    def go_on_to_the_next_look(self, progress: Progress) -> None:
        """Learn, then judge on the held-out pictures."""
        until = min(self.step + self.course.look_every, self.course.steps)
        self.network.train()
        losses = []
        for step in range(self.step, until):
            losses.append(self._learn(step))
            progress(step + 1, self.course.steps)
        self.step = until
        loss = float(torch.stack(losses).mean())
        if loss != loss:  # noqa: PLR0124 - NaN alone differs from itself
            raise BadInputError(
                f"wanted a loss that is a number, found none after {until} steps; lower the learning rate (it was "
                f"{self.course.rate:g})"
            )
        self.looks.append(Look(until, loss, mean_score(self.network, self.room)))
        if self.best.step == until:
            self.best_weights = _copied(self.network.state_dict())

    def fingerprint(self) -> str:
        """Of pictures, course, scaling, task, start, teacher and arithmetic."""
        taught_by = () if self.teacher is None else (self.teacher,)
        return fingerprint_of((self.course, *self.room.facts()), (self.network, *taught_by))

    def state(self) -> dict[str, Any]:
        """All that going on needs."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best_weights,
            "looks": [list(astuple(look)) for look in self.looks],
        }

    def put(self, state: dict[str, Any]) -> None:
        """Be as the saved one was."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best_weights = state["best"]
        self.looks = [Look(*one) for one in state["looks"]]

    def result(self) -> Trained:
        """The network as it was at its best, on the CPU."""
        self.network.load_state_dict(self.best_weights)
        return Trained(self.network.cpu().eval(), tuple(self.looks), self.best)

    def _learn(self, step: int) -> Any:
        batch = batch_of(self.room.lesson, self.course, step)
        pixels, wanted = _pixels(batch, self.room.device), torch.from_numpy(batch.wanted).to(self.room.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self.course.rate_at(step)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.course.seed * SEEDS_PER_STEP + step)
            with _autocast(self.room.device):
                if self.course.adversarial_bytes:
                    pixels = self._half_attacked(pixels, wanted)
                loss = self._loss(pixels, wanted)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss(self, pixels: Any, wanted: Any) -> Any:
        inputs = scaled(pixels, self.room.scaling)
        answers = self.network(inputs)
        loss = self.room.objective.loss(answers, wanted)
        if self.teacher is None:
            return loss
        with torch.no_grad():
            taught = self.teacher(inputs)
        copied = self.room.objective.distance(answers, taught, self.course.temperature)
        return (1 - self.course.taught) * loss + self.course.taught * copied

    def _half_attacked(self, pixels: Any, wanted: Any) -> Any:
        half = len(pixels) // 2
        attack = Attack(self.course.adversarial_bytes)
        self.network.eval()
        harder = attacked(
            attack,
            lambda x: self.room.objective.loss(self.network(scaled(x, self.room.scaling)), wanted[:half]),
            pixels[:half],
        )
        self.network.train()
        return torch.cat([harder, pixels[half:]])


def scaled(pixels: Any, scaling: Scaling) -> Any:
    """N×C×H×W float32 bytes as the network takes them."""
    mean, std = (torch.tensor(values, dtype=pixels.dtype, device=pixels.device) for values in astuple(scaling))
    return (pixels - mean[:, None, None]) / std[:, None, None]


def mean_score(network: Any, room: Room) -> float:
    """The objective's mean on the held-out pictures, as they are, or on held-out recordings, each as a whole."""
    network.eval()
    held_out = room.held_out
    with torch.no_grad(), _autocast(room.device):
        if held_out.recordings is None:
            scores = [room.objective.score(*judged) for judged in _judged(network, room)]
            return float(torch.cat(scores).double().mean())
        answers = torch.cat([answers for answers, _ in _judged(network, room)])
    _, firsts, places = np.unique(held_out.recordings, return_index=True, return_inverse=True)
    together = heard_together(answers, torch.from_numpy(places).to(room.device))
    wanted = torch.from_numpy(held_out.wanted[firsts]).to(room.device)
    return float(room.objective.score(together, wanted).double().mean())


def _judged(network: Any, room: Room) -> Iterator[tuple[Any, Any]]:
    """Answers and what is wanted, batch by batch."""
    places = np.arange(len(room.held_out))
    for start in range(0, len(places), JUDGED_AT_ONCE):
        batch = room.held_out.part(places[start : start + JUDGED_AT_ONCE])
        answers = network(scaled(_pixels(batch, room.device), room.scaling))
        yield answers, torch.from_numpy(batch.wanted).to(room.device)


def _pixels(batch: Lesson, device: str) -> Any:
    return torch.from_numpy(batch.pictures).to(device).permute(0, 3, 1, 2).float()


def _groups(network: Any, decay: float) -> list[dict[str, Any]]:
    """Weights of two axes or more shrink, normalisations and biases do not."""
    values = [value for value in network.parameters() if value.requires_grad]
    return [
        {"params": [value for value in values if value.ndim > 1], "weight_decay": decay},
        {"params": [value for value in values if value.ndim <= 1], "weight_decay": 0.0},
    ]


def _frozen(teacher: Any, device: str) -> Any:
    return teacher.to(device).eval().requires_grad_(requires_grad=False)


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value.detach().cpu().clone() for name, value in state.items()}


def _autocast(device: str) -> Any:
    if device.startswith("cuda") and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    return nullcontext()


@contextmanager
def _reproducible(device: str) -> Iterator[None]:
    """Only kernels that always round alike; a GPU lacks some, and then says so instead of refusing the network."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(mode=True, warn_only=device != "cpu")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=before)
