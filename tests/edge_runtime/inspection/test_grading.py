from __future__ import annotations

import pytest

from edge_contracts.station import GradeRule
from edge_contracts.verdict import Cause, Grade, Outcome
from edge_runtime.inspection.decision import Decision
from edge_runtime.inspection.grading import grade_of

RULES = (
    GradeRule(label="crack", grade=Grade.CRITICAL),
    GradeRule(label="stain", from_score=0.9, grade=Grade.MAJOR),
    GradeRule(label="stain", grade=Grade.MINOR),
)


def defect(label: str, score: float | None = 0.5) -> Decision:
    return Decision(Outcome.DEFECT, Cause.THRESHOLD, "because", label, score, 0.5)


@pytest.mark.parametrize(("label", "score", "grade"), [
    ("crack", 0.5, Grade.CRITICAL),
    ("crack", None, Grade.CRITICAL),
    ("stain", 0.95, Grade.MAJOR),
    ("stain", 0.9, Grade.MAJOR),
    ("stain", 0.6, Grade.MINOR),
    ("stain", None, Grade.MINOR),
    ("dent", 0.99, Grade.MAJOR),
])  # fmt: skip
def test_the_gravest_rule_that_fits_counts(label: str, score: float | None, grade: Grade) -> None:
    assert grade_of([defect(label, score)], RULES) is grade


def test_of_several_models_the_gravest_defect_counts() -> None:
    assert grade_of([defect("stain"), defect("crack")], RULES) is Grade.CRITICAL


def test_what_is_no_defect_has_no_grade() -> None:
    good = Decision(Outcome.GOOD, Cause.CLEAN, "fine", "crack", 0.1, 0.5)
    hung = Decision(Outcome.UNKNOWN, Cause.BACKEND_HUNG, "late", "crack")
    assert grade_of([good, hung], RULES) is None
