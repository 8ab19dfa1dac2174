"""A bundle as an examiner sees it, without files: a rule, labels, the size of the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge_contracts.manifest import AnomalyRule, ImageInput, Manifest
from tests.fakes.parts import DIGEST

if TYPE_CHECKING:
    from edge_runtime.frames import Scores, Subject
    from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class FakeBundle:
    """A digest, and a manifest of which only what is asked for is there."""

    rule: Any = field(default_factory=lambda: AnomalyRule(threshold=0.5))
    labels: tuple[str, ...] = ()
    digest: str = DIGEST
    input_px: tuple[int, int] = (8, 8)

    @property
    def manifest(self) -> Manifest:
        height, width = self.input_px
        spec = ImageInput(tensor="image", height_px=height, width_px=width, dtype="float32")
        return Manifest.model_construct(rule=self.rule, labels=self.labels, input=spec, outputs=())


class ScriptedScorer:
    """Answers what it is told to, one entry per question and the last one for ever; each takes some of the clock.

    Args:
        answers: scores, or what is raised; a function makes scores of what is asked about.
    """

    def __init__(self, clock: FakeClock, *answers: Any, takes_ms: float = 1.0) -> None:
        self.seen: list[Subject] = []
        self.limits_ns: list[int] = []
        self._clock = clock
        self._answers = list(answers)
        self._takes_ms = takes_ms

    def score(self, subject: Subject, until_ns: int) -> Scores:
        self.seen.append(subject)
        self.limits_ns.append(until_ns)
        self._clock.advance(self._takes_ms / 1000)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        scores: Scores = answer(subject) if callable(answer) else answer
        return scores
