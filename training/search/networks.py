"""Whole networks: architecture, input size, learning rate and how much views differ, each begun from one course.

A network is judged on the pictures that `lepton train --network` holds out of those for training, whole groups at a
time; rows of the split `test` take no part. Bytes and milliseconds are of the int8 file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.dataset import dataset_version
from training.finetune.command import Wish, trained, written
from training.finetune.course import Course
from training.finetune.course_file import CourseFile, course_text, read_course
from training.networks.network import NETWORKS, require_torch
from training.search.judged import Judged
from training.search.options import NETWORK_SIDES, OWN, USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.dataset import Sample
    from training.finetune.outcome import TrainingOutcome
    from training.search.space import Criterion, Params

VIEWS = {USUAL: 1.0, "still": 0.0, "double": 2.0}
"""Factors on what a course turns, zooms, shifts and lights."""

VIEWED = ("turn_degrees", "zoom", "shift", "light")
MOST_SHARE = 0.9
"""Of a zoom, a shift or light; above it nothing is left to see."""

RATE_SPAN = 10.0
"""The course's own rate is in the middle of a range from a tenth to ten times of it, at most 1."""

COURSE_SUFFIX = ".course.toml"


@dataclass(frozen=True, slots=True)
class NetworkSpace:
    """A `training.search.space.Space`.

    samples: the whole dataset. source: where it is from.
    networks, sides: what is tried, the first of each being the usual one.
    course: what all begin with; None for the defaults.
    seed: of every training.
    """

    samples: Sequence[Sample]
    source: Path
    networks: tuple[str, ...]
    sides: tuple[str, ...] = NETWORK_SIDES
    course: Path | None = None
    seed: int = 0

    @property
    def criterion(self) -> Criterion:
        """The objective's score."""
        return "score"

    @property
    def note(self) -> str:
        """All labels count."""
        return ""

    @property
    def about(self) -> Mapping[str, str]:
        """The course by what is in it."""
        options = [self.networks, self.sides, read_course(self.course).model_dump(mode="json"), self.seed]
        return {
            "criterion": self.criterion,
            "data": dataset_version(self.samples),
            "options": hashlib.sha256(json.dumps(options).encode()).hexdigest(),
            "version": f"lepton-edge {version('lepton-edge')}, torch {require_torch().__version__}",
        }

    @property
    def usual(self) -> Params:
        """The course as it is."""
        return {**{name: values[0] for name, values in self.choices.items()}, "rate": self._rate}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Three things that may differ."""
        return {"network": self.networks, "side": self.sides, "views": tuple(VIEWS)}

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """The learning rate."""
        return {"rate": (self._rate / RATE_SPAN, min(1.0, self._rate * RATE_SPAN))}

    @property
    def all(self) -> None:
        """Endlessly many."""
        return

    def judge(self, params: Params) -> Judged:
        """Train it, and make the int8 file."""
        done = self._trained(params, self.source.with_suffix(".bundle"))
        return Judged(done.stages[-1].best.score, *done.cost(), parts=len(done.parted.held_out))

    def make(self, params: Params, output: Path) -> tuple[str, ...]:
        """As `lepton train --network` does, with its course beside the bundle."""
        course = output.with_suffix(COURSE_SUFFIX)
        write_whole(course, course_text(self.course_of(params)))
        written(output, self._trained(params, output))
        seed = ("--seed", str(self.seed)) if self.seed else ()
        return ("--network", str(params["network"]), "--course", str(course), *seed)

    def course_of(self, params: Params) -> CourseFile:
        """The course of a candidate."""
        base = read_course(self.course)
        size = base.network.input_size if params["side"] == OWN else (int(params["side"]),) * 2
        usual, factor = base.train.course(Course()), VIEWS[str(params["views"])]
        views = {key: factor * float(getattr(usual, key)) for key in VIEWED} if factor != 1 else {}
        limited = {key: value if key == "turn_degrees" else min(MOST_SHARE, value) for key, value in views.items()}
        changed: dict[str, Any] = {**limited, "rate": params["rate"]}
        return base.model_copy(
            update={
                "network": base.network.model_copy(update={"input_size": size}),
                "train": base.train.model_copy(update=changed),
            }
        )

    @property
    def _rate(self) -> float:
        return read_course(self.course).train.course(Course()).rate

    def _trained(self, params: Params, output: Path) -> TrainingOutcome:
        wish = Wish(str(params["network"]), None, None, None, self.seed)
        return trained(self.source, output, wish, self.course_of(params), lambda _stage, _done: None)


def require_one_task(networks: Sequence[str]) -> None:
    """Refuse networks that answer different questions: their scores cannot be compared.

    Raises:
        BadInputError: naming them.
    """
    tasks = {NETWORKS[one].task for one in networks}
    if len(tasks) > 1:
        raise BadInputError(
            f"wanted networks of one task to compare, found {', '.join(networks)} for {', '.join(sorted(tasks))}; "
            "search them apart"
        )
