"""What the scores of one part say, and how a point reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from edge_contracts.manifest import AnomalyRule, AreaRule, BoxRule, ClassRule, MapRule, NoRule
from edge_contracts.verdict import Cause, KnownPart, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_runtime.occasion import Mark

AnyRule: TypeAlias = AnomalyRule | MapRule | ClassRule | BoxRule | AreaRule | NoRule


@dataclass(frozen=True, slots=True)
class Decision:
    """What the scores say.

    score, threshold: what decided and its limit, in the model's own unit; None when nothing could be compared.
    marks: the boxes that were counted, best first.
    lessons: revision of the lessons that were heard, None without any.
    alike: known parts that look most like it.
    """

    outcome: Outcome
    cause: Cause
    reason: str
    label: str | None = None
    score: float | None = None
    threshold: float | None = None
    marks: tuple[Mark, ...] = ()
    lessons: int | None = None
    alike: tuple[KnownPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a point reads its model's scores.

    rule: the manifest's.
    labels: one per value for a class rule.
    threshold: instead of the rule's own: the threshold of an anomaly score or of a map's figure, the least confidence
        of a class rule, the score from which boxes count.
    thresholds: the same for single labels; of a rule on areas the share that the label may cover.
    good: the labels that a class rule lets pass; none of another rule.
    """

    rule: AnyRule
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    good: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look up the good labels of a class rule once, not for each part."""
        object.__setattr__(self, "good", frozenset(self.rule.good if isinstance(self.rule, ClassRule) else ()))


def unknown(cause: Cause, reason: str) -> Decision:
    """What cannot be judged."""
    return Decision(Outcome.UNKNOWN, cause, reason)
