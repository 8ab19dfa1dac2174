"""From a teacher's file to the own backbone's: draw, distil, quantise, and say what it is made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import torch

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.backbone.assembly import int8_file
from training.backbone.distillation import Distillation, Schedule
from training.backbone.lessons import LessonPlan, draw_lessons

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FEWEST_PICTURES = 1000
SETTINGS = "settings.json"
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to make.

    teacher, name: the classifier's bytes and file name. pictures, side_px: what is drawn. steps: how long it learns.
    """

    teacher: bytes
    name: str
    seed: int = 0
    pictures: int = 64_000
    side_px: int = 160
    steps: int = 4_500
    threads: int = 2


@dataclass(frozen=True, slots=True)
class OwnBackbone:
    """What was made.

    model: the int8 TFLite file. notice: its origin, for people. explained: share of the teacher's weighted variance
    that the float network gives on pictures it did not learn from. loss: at the end of learning.
    """

    model: bytes
    notice: str
    explained: float
    loss: float


def make_backbone(wish: Wish, folder: Path, jobs: int, progress: Callable[[str, int, float], object]) -> OwnBackbone:
    """Make one; what is in `folder` already is not made again.

    Args:
        wish: what to make.
        folder: keeps pictures (77 kB each at 160 px) and checkpoints; it belongs to this wish alone.
        jobs: processes that draw.
        progress: told the stage (draw, learn), what is done of it, and the loss.

    Raises:
        BadInputError: no classifier, too few pictures, or a folder that holds another wish's work.
    """
    if wish.pictures < FEWEST_PICTURES:
        raise BadInputError(f"wanted {FEWEST_PICTURES} pictures or more, found {wish.pictures}; ask for more")
    _claim(folder, wish)
    torch.set_num_threads(wish.threads)
    plan = LessonPlan(wish.teacher, wish.name, wish.seed, wish.pictures, wish.side_px)
    lessons = draw_lessons(plan, folder, jobs, lambda done: progress("draw", done, 0.0))
    run = Distillation(lessons, Schedule(wish.steps), wish.seed, folder / CHECKPOINT)
    taught = run.run(lambda step, loss: progress("learn", step, loss))
    model = int8_file(taught.layers, wish.seed)
    return OwnBackbone(model, notice(wish, model), taught.explained, taught.loss)


def notice(wish: Wish, model: bytes) -> str:
    """Where the file comes from."""
    return (
        f"This network (SHA-256 {hashlib.sha256(model).hexdigest()}) was distilled from\n"
        f"{wish.name} (SHA-256 {hashlib.sha256(wish.teacher).hexdigest()})\n"
        f"on {wish.pictures:,} drawn pictures; no photograph was used. It contains no part of the teacher's file.\n"
        f"lepton backbone train --teacher {wish.name} --seed {wish.seed} --pictures {wish.pictures} "
        f"--side {wish.side_px} --steps {wish.steps} --threads {wish.threads}\n"
    )


def _claim(folder: Path, wish: Wish) -> None:
    """The folder says whose work it holds: nobody goes on with another's pictures."""
    teacher, tool = hashlib.sha256(wish.teacher).hexdigest(), f"lepton-edge {version('lepton-edge')}"
    mine = json.dumps({**asdict(wish), "teacher": teacher, "name": "", "tool": tool}, indent=2, sort_keys=True)
    settings = folder / SETTINGS
    folder.mkdir(parents=True, exist_ok=True)
    if not settings.exists():
        write_whole(settings, mine)
    elif settings.read_text("utf-8") != mine:
        raise BadInputError(
            f"wanted a folder for this teacher, seed, schedule and version of Lepton Edge, found another's work in "
            f"{folder}; name another --work"
        )
