"""A search space whose candidates cost nothing: quality is known beforehand. Run as a program it searches the study
in argv[1], and kills itself in the candidate that argv[2] names."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from itertools import product

from converters.study import open_study
from edge_contracts.errors import BadInputError
from training.search.judged import Judged, Limits
from training.search.rounds import Clock, search, tried_of

COLOURS, SIZES = ("red", "green"), ("small", "large")


@dataclass
class QuickSpace:
    """Four candidates; the one that is green and large is refused. judged: those that were, in order."""

    deadly: str = ""
    criterion: str = "score"
    note: str = ""
    judged: list = field(default_factory=list)
    slow_s: float = 0.0

    about = {"data": "drawn"}  # noqa: RUF012 - never changed
    choices = {"colour": COLOURS, "size": SIZES}  # noqa: RUF012 - the same
    ranges = {}  # noqa: RUF012 - the same
    usual = {"colour": "red", "size": "small"}  # noqa: RUF012 - the same

    @property
    def all(self):
        return [{"colour": colour, "size": size} for colour, size in product(COLOURS, SIZES)]

    def judge(self, params):
        if params["size"] == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if params == {"colour": "green", "size": "large"}:
            raise BadInputError("wanted a colour, found green; choose another")
        time.sleep(self.slow_s)
        self.judged.append(params)
        large = params["size"] == "large"
        return Judged(0.5 + COLOURS.index(params["colour"]) / 10 + large / 100, 1000 + 1000 * large, 1.0 + large)

    def make(self, params, output):
        raise NotImplementedError


def searched(where, space: QuickSpace, clock: Clock | None = None, *, seed: int = 0, seconds: float = 60.0):
    """The finished trials, every trial's state, and whether nothing was left to try."""
    clock = clock or Clock(time.monotonic, time.sleep)
    with open_study(str(where), "test", space.about) as study:
        ended = search(study, space, seconds=seconds, clock=clock, seed=seed, limits=Limits())
        return tried_of(study), [one.state.name for one in study.trials], ended


if __name__ == "__main__":
    searched(sys.argv[1], QuickSpace(deadly=sys.argv[2], slow_s=0.05))
