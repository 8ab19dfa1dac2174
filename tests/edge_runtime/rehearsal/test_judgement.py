"""When a promise counts as broken: each rule has a run that keeps it and one that does not."""

from __future__ import annotations

import pytest

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.rehearsal.fault import Fault, FaultKind
from edge_runtime.rehearsal.judgement import Promises, Span, judge
from edge_runtime.rehearsal.verdict_tape import Told

NS_PER_S = 1_000_000_000
SPAN = Span(10 * NS_PER_S, 12 * NS_PER_S, first_harm_ns=int(10.4 * NS_PER_S))
PROMISES = Promises(oldest_ms=1000, spared=1, silence_s=1.0, recovery_s=5.0)


def told(at_s: float, outcome: str = "unknown", age_s: float = 0.0) -> Told:
    cause = {"good": Cause.CLEAN, "defect": Cause.THRESHOLD}.get(outcome, Cause.NO_FRAME)
    at_ns = int(at_s * NS_PER_S)
    captured_ns = at_ns - int(age_s * NS_PER_S)
    return Told("gate", f"p{at_s}", Outcome(outcome), cause, "", None, captured_ns, at_ns, age_s * 1000)


def broken(kind: FaultKind, *verdicts: Told) -> list[str]:
    return list(judge(Fault(kind, 10, 2), "gate", verdicts, SPAN, PROMISES).broken)


KEPT = (told(10.5), told(11.4), told(11.9), told(12.6, "good"))


@pytest.mark.parametrize("kind", [FaultKind.SOURCE_DIES, FaultKind.PICTURE_DARK, FaultKind.BACKEND_NAN])
def test_unknown_parts_and_a_quick_recovery_keep_every_promise(kind: FaultKind) -> None:
    judgement = judge(Fault(kind, 10, 2), "gate", KEPT, SPAN, PROMISES)
    assert judgement.broken == ()
    assert (judgement.outcomes[Outcome.UNKNOWN], judgement.first_after) == (3, Outcome.GOOD)
    assert judgement.recovery_s == pytest.approx(0.6)


@pytest.mark.parametrize("kind", [FaultKind.SOURCE_STALLS, FaultKind.PICTURE_DARK, FaultKind.BACKEND_NAN])
@pytest.mark.parametrize("outcome", ["good", "defect"])
def test_a_part_that_was_kept_from_inspection_and_judged_breaks_a_promise(kind: FaultKind, outcome: str) -> None:
    (sentence,) = broken(kind, told(10.5), told(11.2, outcome), told(11.9), told(12.6, "good"))
    assert sentence.startswith(f"wanted every part unknown, found p11.2 {outcome}")


def test_a_picture_from_before_the_fault_may_be_judged_while_it_is_fresh_enough() -> None:
    after = (told(10.9), told(11.5), told(12.6, "good"))
    assert broken(FaultKind.SOURCE_STALLS, told(10.2, "good", 0.5), *after) == []
    assert broken(FaultKind.SOURCE_STALLS, told(10.2, "good", 1.5), *after) != []


def test_a_model_may_finish_what_it_was_asked_before_the_fault() -> None:
    after = (told(10.9), told(11.5), told(12.6, "good"))
    assert broken(FaultKind.BACKEND_HANGS, told(10.3, "good", 0.1), *after) == []
    assert broken(FaultKind.BACKEND_HANGS, told(10.5, "good", 0.1), *after) != []


def test_so_many_frozen_pictures_as_cannot_be_known_are_spared() -> None:
    after = (told(11.0), told(11.9), told(12.6, "good"))
    assert broken(FaultKind.SOURCE_FREEZES, told(10.2, "good"), *after) == []
    assert broken(FaultKind.SOURCE_FREEZES, told(10.2, "good"), told(10.4, "good"), *after) != []


def test_a_lag_within_the_limit_may_be_judged() -> None:
    after = (told(11.0), told(11.9), told(12.6, "good"))
    assert broken(FaultKind.SOURCE_LAGS, told(10.5, "good", 0.4), *after) == []
    assert broken(FaultKind.SOURCE_LAGS, told(10.5, "good", 10), *after) != []


def test_silence_breaks_a_promise() -> None:
    (sentence,) = broken(FaultKind.SOURCE_DIES, told(10.2), told(11.9), told(12.6, "good"))
    assert sentence == "wanted a verdict at least every 1.0 s, found none for 1.7 s"


@pytest.mark.parametrize("kind", [FaultKind.PICTURE_DARK, FaultKind.BACKEND_NAN, FaultKind.DISK_FULL])
def test_a_fault_that_no_part_met_shows_nothing(kind: FaultKind) -> None:
    as_they_like = Promises(oldest_ms=1000, spared=1, silence_s=None, recovery_s=5.0)
    found = judge(Fault(kind, 10, 2), "gate", [told(9, "good"), told(12.6, "good")], SPAN, as_they_like)
    assert found.broken == ("wanted a part during the fault, which shows what is said of it, found none",)


def test_no_recovery_and_a_late_one_break_a_promise() -> None:
    during = (told(10.5), told(11.4))
    assert "found no part" in broken(FaultKind.SOURCE_DIES, *during, told(13))[0]
    assert "found the first part after 6.0 s" in broken(FaultKind.SOURCE_DIES, *during, told(18, "good"))[0]


def test_a_picture_from_within_the_fault_is_no_recovery() -> None:
    found = judge(Fault(FaultKind.PICTURE_DARK, 10, 2), "gate", [told(12.1, "good", 0.2)], SPAN, PROMISES)
    assert found.recovery_s is None


@pytest.mark.parametrize("kind", [FaultKind.DISK_FULL, FaultKind.CLOCK_JUMPS])
def test_what_goes_wrong_outside_of_inspection_must_not_be_noticed(kind: FaultKind) -> None:
    judged = (told(10.5, "good"), told(11.4, "defect"), told(12.6, "good"))
    assert broken(kind, *judged) == []
    (sentence,) = broken(kind, *judged, told(11.5))
    assert sentence == "wanted no part to notice, found 1 unknown (no-frame)"
