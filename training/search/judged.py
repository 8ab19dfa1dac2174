"""What a trial has found out about a candidate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate, trained and measured.

    quality: by the search's criterion, on training data that was held out; greater is better.
    model_bytes, ms: of the file that it becomes, median time of one inference on this machine.
    good, defective: held-out scores of single parts, where the criterion compares them; greater is worse.
    groups: of the good ones and then of the defective ones, a number that relatives share; empty where none has any.
    parts: of how many held-out parts the quality is the mean, where it is one; each counts from 0 to 1.
    """

    quality: float
    model_bytes: int
    ms: float
    good: tuple[float, ...] = ()
    defective: tuple[float, ...] = ()
    parts: int = 0
    groups: tuple[int, ...] = ()

    def document(self) -> dict[str, Any]:
        """Plain values for the study."""
        return asdict(self)


def judged_of(document: dict[str, Any]) -> Judged:
    """The values that `document` made."""
    values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in document.items()}
    return Judged(**values)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a recipe may cost at most; None = as much as it likes."""

    most_ms: float | None = None
    most_bytes: int | None = None

    def excess(self, judged: Judged) -> dict[str, float]:
        """By how much each limit is passed; zero or less where it is kept."""
        found = {}
        if self.most_ms is not None:
            found["ms"] = judged.ms - self.most_ms
        if self.most_bytes is not None:
            found["bytes"] = float(judged.model_bytes - self.most_bytes)
        return found

    def holds(self, judged: Judged) -> bool:
        """Whether all limits are kept."""
        return all(one <= 0 for one in self.excess(judged).values())
