"""Takes the daemon's JSON lines and keeps each verdict, in the order they were told."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

from edge_contracts.verdict import Cause, Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """What a verdict said; times in monotonic nanoseconds, as in `edge_contracts.verdict.Verdict`."""

    point: str
    part: str
    outcome: Outcome
    cause: Cause
    reason: str
    score: float | None
    captured_at_ns: int
    decided_at_ns: int
    latency_ms: float

    @property
    def is_judged(self) -> bool:
        """Good or defect: somebody looked at the part."""
        return self.outcome is not Outcome.UNKNOWN


class VerdictTape(io.StringIO):
    """A text stream for `edge_runtime.outputs.json_lines.JsonLines`; `told` has every verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []
        self._line = ""

    def write(self, text: str) -> int:
        """Take a piece of a line, or several lines."""
        *lines, self._line = (self._line + text).split("\n")
        self.told += map(parsed, lines)
        return len(text)


def parsed(line: str) -> Told:
    """One JSON line as a value."""
    said = json.loads(line)
    return Told(
        point=said["point"],
        part=said["part"],
        outcome=Outcome(said["outcome"]),
        cause=Cause(said["cause"]),
        reason=said["reason"],
        score=said["score"],
        captured_at_ns=said["captured_at_ns"],
        decided_at_ns=said["decided_at_ns"],
        latency_ms=said["latency_ms"],
    )
