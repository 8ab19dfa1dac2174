"""The models of one inspection point, each behind its guard: started, tended and stopped as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.manifest import NoRule
from edge_runtime.infer.isolated.process_backend import IsolatedBackend
from edge_runtime.inspection.chain import Chain, Link
from edge_runtime.inspection.decision import Ruling
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.isolated_scorer import IsolatedScorer
from edge_runtime.inspection.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.inspection.chain import Beside
    from edge_runtime.inspection_point import GuardsModel
    from edge_runtime.lessons.alike import Comparison
    from edge_runtime.lessons.lost import Taught

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PointModels:
    """Several guards with the face of one.

    guards, examiners: in the order of the configuration.
    """

    guards: tuple[GuardsModel, ...]
    examiners: tuple[Examiner, ...]
    clock: Clock

    @property
    def ruling(self) -> Ruling:
        """How the scores are read; of several models none can be named, so it has no rule and nothing to set."""
        first = self.examiners[0].ruling
        return first if len(self.examiners) == 1 else Ruling(NoRule(), first.labels)

    def use_threshold(self, threshold: float | None) -> None:
        """Judge by this threshold from the next part on, None for the rule's own; from any thread, at once."""
        self.examiners[0].use_threshold(threshold)

    def use_lessons(self, head: Taught | None, comparison: Comparison | None) -> None:
        """Hear these lessons from the next part on, None for none; from any thread, at once."""
        self.examiners[0].use_lessons(head, comparison)

    def start(self) -> None:
        """Start each."""
        for guard in self.guards:
            guard.start()

    def tend(self) -> None:
        """Mend what can be mended without the loop; returns at once."""
        for guard in self.guards:
            guard.tend()

    def hung_s(self) -> float:
        """The longest time for which an answer has been overdue."""
        return max(guard.hung_s() for guard in self.guards)

    def stop(self, timeout_s: float) -> bool:
        """Stop all within one time; False when a model still computes."""
        until_ns = self.clock.now_ns() + int(timeout_s * _NS_PER_S)
        ended = [guard.stop(max((until_ns - self.clock.now_ns()) / _NS_PER_S, 0.0)) for guard in self.guards]
        return all(ended)


def chain_of(
    point: Point, predictors: Sequence[Predictor], clock: Clock, beside: Mapping[str, Beside]
) -> tuple[Chain, PointModels]:
    """What judges a point's parts, and what guards its models; nothing of it runs yet.

    Args:
        point: with one bundle, or several models.
        predictors: one per view of the point, in their order.
        clock: monotonic.
        beside: what gives a view's own readings, by the view's name.

    Raises:
        MaskRefused: a mask cannot be read.
    """
    guards = tuple(_guarded(view.name, one, clock) for view, one in zip(point.views, predictors, strict=True))
    names = [model.name for model in point.models] or [""]
    gates = [model.gate for model in point.models] or [False]
    examiners = tuple(
        Examiner(view, predictor, guard, clock, name=name)
        for view, predictor, guard, name in zip(point.views, predictors, guards, names, strict=True)
    )
    links = [
        Link(examiner, is_gate=gate, beside=beside.get(view.name))
        for view, examiner, gate in zip(point.views, examiners, gates, strict=True)
    ]
    return Chain(links, point.join, clock), PointModels(guards, examiners, clock)


def _guarded(name: str, predictor: Predictor, clock: Clock) -> GuardsModel:
    """A model in its own process needs no thread between it and the loop."""
    if isinstance(predictor.backend, IsolatedBackend):
        return IsolatedScorer(predictor, predictor.backend)
    return Scorer(name, predictor, clock)
