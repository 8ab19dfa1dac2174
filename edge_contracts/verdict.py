"""What an inspection ends in: exactly one of good, defect, unknown, and why.

No fault ever reads as good: every cause other than `clean` and `threshold` makes the verdict unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

PART_MAX_BYTES = 128
REASON_MAX_BYTES = 512
LABEL_MAX_BYTES = 128
"""Texts of a verdict are cut to these lengths in UTF-8, so that its alert fits its message, escapes included."""

_NAMELESS = "nameless"


class Outcome(str, Enum):
    """The three ends of an inspection; only `good` lets a part pass."""

    GOOD = "good"
    DEFECT = "defect"
    UNKNOWN = "unknown"


class Cause(str, Enum):
    """Why a verdict is what it is, in words that a line operator can look up."""

    CLEAN = "clean"
    THRESHOLD = "threshold"
    NO_FRAME = "no-frame"
    SOURCE_LOST = "source-lost"
    STALE = "stale"
    FROZEN = "frozen"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    BLURRED = "blurred"
    MOVED = "moved"
    BAD_FRAME = "bad-frame"
    QUIET = "quiet"
    CLIPPED = "clipped"
    OFFSET = "offset"
    GAP = "gap"
    NOT_A_NUMBER = "not-a-number"
    UNSURE = "unsure"
    BACKEND_HUNG = "backend-hung"
    BACKEND_FAILED = "backend-failed"
    DEADLINE = "deadline"
    MISSED = "missed"
    TRIGGER_LOST = "trigger-lost"
    INTERNAL = "internal"


class Grade(str, Enum):
    """How grave a defect is."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class ModelFinding:
    """What one of a point's several models said of a part.

    model: its name in the station's configuration.
    bundle: its digest (SHA-256, hexadecimal).
    outcome, cause, label, score, threshold: as in the verdict; `good` and `clean` of a gate that let the part pass.
    """

    model: str
    bundle: str
    outcome: Outcome
    cause: Cause
    label: str | None
    score: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A known part that looks like the judged one.

    kind: `good` or `defective`.
    part: a taught part's name, or the bundle's member with its picture, such as `known/good-03.jpg`.
    distance: 1 is how far good parts usually lie from their nearest.
    """

    kind: Literal["good", "defective"]
    part: str
    distance: float


@dataclass(frozen=True, slots=True)
class Verdict:
    r"""One part, judged once.

    A part, reason or label may come from a file name or a driver, so it may hold anything: what no message can carry
    (bytes that are not UTF-8, control characters) becomes an escape such as `\udce9`, and what is too long is cut.

    point: the inspection point's name.
    part: the part's id, unique between two starts of the point.
    outcome: good, defect or unknown.
    cause: `clean` for good, `threshold` for defect, anything else for unknown.
    reason: one sentence for a person.
    model: the digest (SHA-256, hexadecimal) of the bundle that decided, None before a bundle was loaded.
    label: the class that decided, None when nothing was scored.
    score, threshold: the number that decided and its limit, in the model's own unit.
    captured_at_ns: monotonic time of the frame, 0 when there was none.
    decided_at_ns: monotonic time of the verdict.
    latency_ms: from the frame (or the trigger, without one) to the verdict.
    grade: how grave a defect is, None for what is none.
    models: what each model said that was asked, in the order of the configuration; empty for a point with one bundle.
    lessons: revision of the lessons that were heard, None where there were none.
    alike: of a defect, the known good and the known defective part that look most like it, as far as there are any.
    """

    point: str
    part: str
    outcome: Outcome
    cause: Cause
    reason: str
    model: str | None
    label: str | None
    score: float | None
    threshold: float | None
    captured_at_ns: int
    decided_at_ns: int
    latency_ms: float
    grade: Grade | None = None
    models: tuple[ModelFinding, ...] = ()
    lessons: int | None = None
    alike: tuple[KnownPart, ...] = ()

    def __post_init__(self) -> None:
        """Hold the promises that no fault reads as good and that every text can be told, whoever builds the value."""
        if (part := told_part(self.part)) is not self.part:
            object.__setattr__(self, "part", part)
        if not _is_telling(self.reason, REASON_MAX_BYTES):
            object.__setattr__(self, "reason", _head(_telling(self.reason), REASON_MAX_BYTES))
        if self.label is not None and not _is_telling(self.label, LABEL_MAX_BYTES):
            object.__setattr__(self, "label", _head(_telling(self.label), LABEL_MAX_BYTES))
        if _OUTCOME_OF.get(self.cause, Outcome.UNKNOWN) is not self.outcome:
            raise ValueError(f"a verdict of {self.outcome.value} cannot have the cause {self.cause.value}")


_OUTCOME_OF = {Cause.CLEAN: Outcome.GOOD, Cause.THRESHOLD: Outcome.DEFECT}
"""Every other cause makes the verdict unknown."""


def told_part(part: str) -> str:
    """A part's name as a verdict carries it: printable, not empty, of its end at most 128 bytes."""
    if part and _is_telling(part, PART_MAX_BYTES):
        return part
    return _tail(_telling(part), PART_MAX_BYTES) or _NAMELESS


def _is_telling(text: str, most_bytes: int) -> bool:
    """Whether a text can be told as it stands, as nearly every one can."""
    return text.isascii() and len(text) <= most_bytes and text.isprintable()


def _telling(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def _head(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode("utf-8", "ignore")


def _tail(text: str, most_bytes: int) -> str:
    """The end of a name, which is where names of one series differ."""
    return text.encode()[-most_bytes:].decode("utf-8", "ignore")
