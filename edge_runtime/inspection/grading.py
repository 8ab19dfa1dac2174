"""How grave a defect is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.verdict import Grade, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.station import GradeRule
    from edge_runtime.inspection.decision import Decision

_GRAVEST_FIRST = (Grade.CRITICAL, Grade.MAJOR, Grade.MINOR)


def grade_of(decisions: Sequence[Decision], rules: Sequence[GradeRule]) -> Grade | None:
    """The gravest grade of all defects among the decisions; `major` where no rule fits, None without a defect.

    A decision without a score (something is missing) fits only rules without `from_score`.
    """
    grades = {_grade(one, rules) for one in decisions if one.outcome is Outcome.DEFECT}
    return next((grade for grade in _GRAVEST_FIRST if grade in grades), None)


def _grade(decision: Decision, rules: Sequence[GradeRule]) -> Grade:
    fitting = {rule.grade for rule in rules if _fits(decision, rule)}
    return next((grade for grade in _GRAVEST_FIRST if grade in fitting), Grade.MAJOR)


def _fits(decision: Decision, rule: GradeRule) -> bool:
    if rule.label is not None and rule.label != decision.label:
        return False
    return rule.from_score is None or (decision.score is not None and decision.score >= rule.from_score)
