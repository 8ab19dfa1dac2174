"""The faults that can be acted out, as data: when, for how long, where, and what they must not do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FaultKind(str, Enum):
    """What goes wrong, in the words of a fault script."""

    SOURCE_STALLS = "source-stalls"
    SOURCE_DIES = "source-dies"
    SOURCE_FREEZES = "source-freezes"
    SOURCE_LAGS = "source-lags"
    PICTURE_DARK = "picture-dark"
    PICTURE_BRIGHT = "picture-bright"
    PICTURE_GARBAGE = "picture-garbage"
    BACKEND_HANGS = "backend-hangs"
    BACKEND_FAILS = "backend-fails"
    BACKEND_NAN = "backend-nan"
    DISK_FULL = "disk-full"
    CLOCK_JUMPS = "clock-jumps"
    RELOAD_BAD = "bad-reload"


class Stage(Enum):
    """Where a fault is acted out, which decides what it may do to verdicts.

    SILENCE, PICTURE, MODEL: parts are kept from inspection, so none may be good. OUTSIDE: no part may notice.
    """

    SILENCE = "silence"
    PICTURE = "picture"
    MODEL = "model"
    OUTSIDE = "outside"


STAGES: dict[FaultKind, Stage] = {
    FaultKind.SOURCE_STALLS: Stage.SILENCE,
    FaultKind.SOURCE_DIES: Stage.SILENCE,
    FaultKind.SOURCE_FREEZES: Stage.PICTURE,
    FaultKind.SOURCE_LAGS: Stage.PICTURE,
    FaultKind.PICTURE_DARK: Stage.PICTURE,
    FaultKind.PICTURE_BRIGHT: Stage.PICTURE,
    FaultKind.PICTURE_GARBAGE: Stage.PICTURE,
    FaultKind.BACKEND_HANGS: Stage.MODEL,
    FaultKind.BACKEND_FAILS: Stage.MODEL,
    FaultKind.BACKEND_NAN: Stage.MODEL,
    FaultKind.DISK_FULL: Stage.OUTSIDE,
    FaultKind.CLOCK_JUMPS: Stage.OUTSIDE,
    FaultKind.RELOAD_BAD: Stage.OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a script.

    at_s: seconds after the daemon is ready.
    for_s: how long it lasts, in seconds.
    point: the inspection point that it strikes, None for all.
    by_s: how far the wall clock jumps, or how old the pictures of a source that lags are, in seconds.
    """

    kind: FaultKind
    at_s: float
    for_s: float
    point: str | None = None
    by_s: float = 0.0

    @property
    def end_s(self) -> float:
        """Seconds after the daemon is ready."""
        return self.at_s + self.for_s

    @property
    def stage(self) -> Stage:
        """Where it is acted out."""
        return STAGES[self.kind]

    def strikes(self, point: str) -> bool:
        """Whether an inspection point has this fault."""
        return self.point in {None, point}
