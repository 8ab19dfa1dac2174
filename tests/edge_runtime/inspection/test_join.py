"""The whole truth table: every combination of up to three models, with and without a gate."""

from __future__ import annotations

from itertools import product

import pytest

from edge_contracts.station import Region
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.inspection.decision import Decision
from edge_runtime.inspection.finding import Finding
from edge_runtime.inspection.join import joined

GOOD, DEFECT, UNKNOWN = Outcome.GOOD, Outcome.DEFECT, Outcome.UNKNOWN
CAUSES = {GOOD: Cause.CLEAN, DEFECT: Cause.THRESHOLD, UNKNOWN: Cause.BACKEND_HUNG}
ROWS = [row for count in (1, 2, 3) for row in product(Outcome, repeat=count)]


def finding(outcome: Outcome, name: str = "m") -> Finding:
    return Finding(name, "ab" * 32, Decision(outcome, CAUSES[outcome], "because"), Region())


def findings(row: tuple[Outcome, ...]) -> list[Finding]:
    return [finding(outcome, f"m{number}") for number, outcome in enumerate(row)]


def wanted(row: tuple[Outcome, ...], rule: str) -> Outcome:
    """The table of the module's docstring, line by line."""
    if rule == "any":
        return DEFECT if DEFECT in row else GOOD if set(row) == {GOOD} else UNKNOWN
    return DEFECT if set(row) == {DEFECT} else GOOD if UNKNOWN not in row else UNKNOWN


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("row", ROWS)
def test_models_without_a_gate(row: tuple[Outcome, ...], rule: str) -> None:
    assert joined(findings(row), rule).decision.outcome is wanted(row, rule)


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("row", ROWS)
def test_behind_a_gate_that_finds_something_the_others_decide(row: tuple[Outcome, ...], rule: str) -> None:
    assert joined(findings(row), rule, finding(DEFECT, "gate")).decision.outcome is wanted(row, rule)


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("row", ROWS)
def test_behind_a_gate_that_could_not_judge_nothing_is_good(row: tuple[Outcome, ...], rule: str) -> None:
    outcome = joined(findings(row), rule, finding(UNKNOWN, "gate")).decision.outcome
    assert outcome is (DEFECT if wanted(row, rule) is DEFECT else UNKNOWN)


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("row", [(), *ROWS])
def test_a_gate_that_lets_a_part_pass_counts_as_a_model_that_says_good(row: tuple[Outcome, ...], rule: str) -> None:
    assert joined(findings(row), rule, finding(GOOD, "gate")).decision.outcome is wanted((GOOD, *row), rule)


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("gate", [None, *Outcome])
@pytest.mark.parametrize("row", ROWS)
def test_no_part_is_good_when_any_model_could_not_judge(
    row: tuple[Outcome, ...], gate: Outcome | None, rule: str
) -> None:
    outcome = joined(findings(row), rule, finding(gate, "gate") if gate else None).decision.outcome
    if UNKNOWN in (*row, gate):
        assert outcome is not GOOD


def test_the_first_that_decides_gives_its_name_and_the_others_are_told() -> None:
    decider = joined(findings((GOOD, DEFECT, DEFECT)), "any", finding(DEFECT, "gate"))
    assert decider.model == "m1"
    assert decider.decision.reason == "m1: because (gate defect, m0 good, m2 defect)"


def test_the_only_model_of_a_point_speaks_for_itself() -> None:
    assert joined([finding(GOOD, "")], "any").decision.reason == "because"
