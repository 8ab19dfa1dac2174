from __future__ import annotations

import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alert import Alert, Severity
from edge_contracts.message import MAX_ALERT_BYTES
from edge_contracts.station import Alerting
from edge_contracts.verdict import Cause, Grade, KnownPart, told_part
from edge_runtime.alert_rule import REPEAT_NS, AlertRule, alert_of
from tests.fakes.parts import verdict

S = 1_000_000_000
ENVELOPE_BYTES = 1024
"""What the event around an alert and its two pictures may take."""


def counts(rule: AlertRule, steps: list[tuple[float, Cause]]) -> list[tuple[Cause, int]]:
    """Cause and count of each alert that verdicts at these seconds lead to."""
    told = []
    for number, (at_s, cause) in enumerate(steps):
        admitted = rule.admit(verdict(cause, part=str(number), decided_at_ns=int(at_s * S)))
        told += [(alert.cause, alert.count) for alert in (admitted.earlier, admitted.now) if alert]
    return told


def test_good_parts_are_no_alerts() -> None:
    assert counts(AlertRule(), [(0, Cause.CLEAN), (1, Cause.CLEAN)]) == []


def test_every_defect_is_an_alert_of_its_own() -> None:
    assert counts(AlertRule(), [(n, Cause.THRESHOLD) for n in range(5)]) == [(Cause.THRESHOLD, 1)] * 5


def test_of_a_run_of_unknowns_the_first_is_told_and_then_one_a_minute_with_their_number() -> None:
    steps = [(float(n), Cause.DARK) for n in range(121)]
    assert counts(AlertRule(), steps) == [(Cause.DARK, 1), (Cause.DARK, 60), (Cause.DARK, 60)]


def test_another_cause_begins_another_run_and_tells_the_rest_of_the_first() -> None:
    steps = [(0, Cause.DARK), (1, Cause.DARK), (2, Cause.DARK), (3, Cause.STALE)]
    assert counts(AlertRule(), steps) == [(Cause.DARK, 1), (Cause.DARK, 2), (Cause.STALE, 1)]


def test_a_good_part_ends_a_run() -> None:
    steps = [(0, Cause.DARK), (1, Cause.DARK), (2, Cause.CLEAN), (3, Cause.DARK)]
    assert counts(AlertRule(), steps) == [(Cause.DARK, 1), (Cause.DARK, 1), (Cause.DARK, 1)]


def test_a_minute_without_verdicts_tells_what_was_held_back() -> None:
    rule = AlertRule()
    counts(rule, [(0, Cause.NO_FRAME), (1, Cause.NO_FRAME)])
    assert rule.due(59 * S) is None
    alert = rule.due(REPEAT_NS)
    assert alert is not None
    assert alert.count == 1
    assert rule.due(2 * REPEAT_NS) is None


def test_a_fault_of_the_machine_is_critical_and_a_defect_is_a_warning() -> None:
    assert alert_of(verdict(Cause.BACKEND_HUNG)).severity is Severity.CRITICAL
    assert alert_of(verdict(Cause.THRESHOLD)).severity is Severity.WARNING


def test_an_endless_reason_is_cut_to_what_an_alert_may_hold() -> None:
    assert len(alert_of(verdict(reason="x" * 5000, label="y" * 500)).reason) == 512


def test_a_good_verdict_is_never_an_alert() -> None:
    with pytest.raises(ValueError, match="found part 1 good"):
        alert_of(verdict(Cause.CLEAN))


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([Cause.CLEAN, Cause.THRESHOLD, Cause.DARK, Cause.STALE]))))
def test_the_counts_of_the_alerts_add_up_to_the_parts_that_were_not_good(steps: list[tuple[float, Cause]]) -> None:
    rule, at_s, timed = AlertRule(), 0.0, []
    for pause_s, cause in steps:
        at_s += pause_s
        timed.append((at_s, cause))
    told = sum(count for _, count in counts(rule, timed))
    rest = rule.flush()
    assert told + (rest.count if rest else 0) == sum(cause is not Cause.CLEAN for _, cause in steps)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=700)
ANY_NUMBER = st.none() | st.floats()


@given(
    part=ANY_TEXT,
    reason=ANY_TEXT,
    label=st.none() | ANY_TEXT,
    score=ANY_NUMBER,
    latency_ms=st.floats(),
    distance=st.floats(),
)
def test_whatever_a_verdict_says_it_becomes_an_alert_that_fits_its_message(
    part: str, reason: str, label: str | None, score: float | None, latency_ms: float, distance: float
) -> None:
    alike = (KnownPart("good", told_part(part), distance), KnownPart("defective", told_part(label or ""), 0.0))
    told = verdict(part=part, reason=reason, label=label, score=score, latency_ms=latency_ms, lessons=7, alike=alike)
    alert = alert_of(told)
    can_be_told = [one.part for one in alike if 0 <= one.distance < math.inf]
    assert (alert.lessons, [one.part for one in alert.alike]) == (7, can_be_told)
    assert Alert.model_validate_json(alert.model_dump_json()) == alert
    assert len(alert.model_dump_json(exclude_none=True).encode()) <= MAX_ALERT_BYTES - ENVELOPE_BYTES


def test_a_name_that_is_not_utf_8_keeps_what_can_be_read_of_it() -> None:
    assert verdict(part=os.fsdecode(b"b\xe9.png")).part == "b\\udce9.png"


def test_a_long_name_keeps_its_end_and_a_missing_one_gets_one() -> None:
    assert verdict(part="x" * 300 + "07.png").part.endswith("07.png")
    assert verdict(part="").part == "nameless"


DEFECT, CLEAN = Cause.THRESHOLD, Cause.CLEAN


def test_a_few_defects_among_many_parts_are_held_back_until_there_are_enough() -> None:
    rule = AlertRule(Alerting(defects=3, of=5))
    causes = [DEFECT, CLEAN, DEFECT, CLEAN, DEFECT, DEFECT]
    assert counts(rule, [(n, cause) for n, cause in enumerate(causes)]) == [(DEFECT, 3), (DEFECT, 1)]


def test_defects_that_lie_too_far_apart_are_told_together_after_a_minute() -> None:
    rule = AlertRule(Alerting(defects=3, of=3))
    causes = [DEFECT, CLEAN, CLEAN, DEFECT, CLEAN, CLEAN]
    assert counts(rule, [(10 * n, cause) for n, cause in enumerate(causes)]) == []
    assert rule.due(59 * S) is None
    told = rule.due(60 * S)
    assert (told.cause, told.count, told.part) == (DEFECT, 2, "3")
    assert rule.due(600 * S) is None


def test_an_unknown_counts_as_a_part_without_a_defect() -> None:
    rule = AlertRule(Alerting(defects=2, of=2))
    assert counts(rule, [(0, DEFECT), (1, Cause.DARK), (2, DEFECT)]) == [(Cause.DARK, 1)]


def labelled(rule: AlertRule, steps: list[tuple[float, str]], **changes: object) -> list[tuple[str | None, int]]:
    told = []
    for at_s, label in steps:
        admitted = rule.admit(verdict(decided_at_ns=int(at_s * S), label=label, **changes))
        told += [(alert.label, alert.count) for alert in (admitted.earlier, admitted.now) if alert]
    return told


def test_defects_of_one_label_are_told_once_in_a_cool_down() -> None:
    rule = AlertRule(Alerting(cool_down_s=10))
    steps = [(0, "dent"), (4, "dent"), (9, "dent"), (11, "dent"), (12, "dent")]
    assert labelled(rule, steps) == [("dent", 1), ("dent", 3)]
    assert rule.flush().count == 1


def test_another_label_is_told_although_the_first_cools_down() -> None:
    rule = AlertRule(Alerting(cool_down_s=10))
    assert labelled(rule, [(0, "dent"), (1, "crack"), (2, "crack")]) == [("dent", 1), ("crack", 1)]


def test_a_critical_defect_is_never_held_back() -> None:
    rule = AlertRule(Alerting(defects=5, of=5, cool_down_s=100))
    assert labelled(rule, [(0, "dent"), (1, "dent")]) == []
    assert labelled(rule, [(2, "crack")], grade=Grade.CRITICAL) == [("crack", 3)]
    assert labelled(rule, [(3, "crack")], grade=Grade.CRITICAL) == [("crack", 1)]


@pytest.mark.parametrize(("grade", "severity"), [
    (Grade.CRITICAL, Severity.CRITICAL),
    (Grade.MAJOR, Severity.WARNING),
    (Grade.MINOR, Severity.INFO),
    (None, Severity.WARNING),
])  # fmt: skip
def test_a_grade_is_an_alerts_severity(grade: Grade | None, severity: Severity) -> None:
    assert alert_of(verdict(grade=grade)).severity is severity


settings_of_alerts = st.builds(
    lambda of, defects, cool_down_s: Alerting(of=of, defects=min(defects, of), cool_down_s=cool_down_s),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from([0.0, 5.0, 120.0]),
)
steps_of_parts = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from([CLEAN, DEFECT, Cause.DARK, Cause.STALE]), st.sampled_from("ab")),
    max_size=40,
)


@given(settings_of_alerts, steps_of_parts, st.booleans())
def test_whatever_is_held_back_the_counts_add_up(settings: Alerting, steps, asks: bool) -> None:  # noqa: FBT001 - drawn
    rule, now_s, told, bad = AlertRule(settings), 0.0, 0, 0
    for after_s, cause, label in steps:
        now_s += after_s
        if asks:
            while (due := rule.due(int(now_s * S))) is not None:
                told += due.count
        admitted = rule.admit(verdict(cause, decided_at_ns=int(now_s * S), label=label))
        told += sum(alert.count for alert in (admitted.earlier, admitted.now) if alert)
        bad += cause is not CLEAN
    while (rest := rule.flush()) is not None:
        told += rest.count
    assert told == bad
