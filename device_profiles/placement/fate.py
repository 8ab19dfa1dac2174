"""What becomes of each operator on an accelerator."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

Fate = Literal["accelerator", "processor", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class OperatorFate:
    """One operator's place to run.

    place: in run order, from 0.
    kind: `CONV_2D`, or ONNX's `Conv`.
    output: the name of its first output.
    fate: where it runs; `refused` where no program is made of a network with it, `unknown` where nobody says.
    reason: why not on the accelerator; empty where it runs there.
    """

    place: int
    kind: str
    output: str
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DelegateReport:
    """What one accelerator makes of one network.

    delegate, title, release: the accelerator and the version of its compiler that the rules describe.
    operators: in run order.
    split: the place of the first operator at which the network leaves the accelerator; None where it never does.
    advice: what the maker recommends besides.
    """

    delegate: str
    title: str
    release: str
    operators: tuple[OperatorFate, ...]
    split: int | None
    advice: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Operators by their fate."""
        counted = Counter(operator.fate for operator in self.operators)
        return {fate: counted[fate] for fate in ("accelerator", "processor", "refused", "unknown")}

    @property
    def fits(self) -> bool:
        """Whether every operator runs on the accelerator."""
        return self.counts["accelerator"] == len(self.operators)

    @property
    def is_refused(self) -> bool:
        """Whether no program for the accelerator can be made of this network."""
        return self.counts["refused"] > 0

    @property
    def sentence(self) -> str:
        """For the card: how many operators run there, and where the network first leaves it."""
        told = f"{self.title} runs {self.counts['accelerator']} of {len(self.operators)} operators"
        if self.split is None:
            return told
        first = self.operators[self.split]
        return f"{told}; it leaves {first.kind} at {first.place} first: {first.reason}"

    def as_document(self) -> dict[str, Any]:
        """Plain data for JSON: every field, and `fits`, `refused` and `counts`."""
        return {**asdict(self), "fits": self.fits, "refused": self.is_refused, "counts": self.counts}
