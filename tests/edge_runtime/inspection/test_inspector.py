from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.manifest import AnomalyRule
from edge_contracts.station import GradeRule, Region
from edge_contracts.verdict import Cause, Grade, Outcome
from edge_runtime.capture.source import BadReading
from edge_runtime.inspection.chain import Chain, Link
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.inspector import Inspector
from edge_runtime.inspection.scorer import BackendFailed, BackendHung
from edge_runtime.occasion import Ailment, Occasion
from tests.fakes.bundled import FakeBundle
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import DIGEST, frame, point, scores, window
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX

if TYPE_CHECKING:
    from edge_contracts.verdict import Verdict
    from edge_runtime.capture.source import Reading
    from edge_runtime.frames import Scores, Subject

DEADLINE_MS = 500.0
MS = 1_000_000


class Bench:
    """An inspector whose scorer takes `takes_ms` of the fake clock and then answers or raises."""

    def __init__(
        self, answer: Scores | Exception, *, takes_ms: float = 1.0, region: Region | None = None, **changes: Any
    ) -> None:
        self.clock = FakeClock()
        self.answer = answer
        self.takes_ms = takes_ms
        self.limits_ms: list[float] = []
        self.seen: list[Subject] = []
        settings = point(deadline_ms=DEADLINE_MS, max_frame_age_ms=1000.0, region=region or Region(), **changes)
        examiner = Examiner(settings, FakeBundle(AnomalyRule(threshold=0.5)), self, self.clock)
        self.inspector = Inspector(settings, Chain([Link(examiner)], "any", self.clock), self.clock)

    def score(self, subject: Subject, until_ns: int) -> Scores:
        left_ms = (until_ns - self.clock.now_ns()) / MS
        self.limits_ms.append(left_ms)
        self.seen.append(subject)
        hung = isinstance(self.answer, BackendHung)
        self.clock.advance((left_ms if hung else self.takes_ms) / 1000)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def verdict(
        self, picture: Reading | None = None, *, age_ms: float = 0.0, ailment: Ailment | None = None
    ) -> Verdict:
        now_ns = self.clock.now_ns()
        given = picture or frame(now_ns - int(age_ms * MS))
        return self.inspector.inspect(Occasion("7", given, now_ns, ailment)).verdict


def test_a_clean_pass_is_good_and_tells_everything() -> None:
    verdict = Bench(scores(0.1), takes_ms=12).verdict(age_ms=30)
    assert (verdict.point, verdict.part, verdict.outcome) == ("gate", "7", Outcome.GOOD)
    assert (verdict.model, verdict.score, verdict.threshold) == (DIGEST, pytest.approx(0.1), 0.5)
    assert verdict.latency_ms == pytest.approx(42)


def test_a_defect_carries_its_picture_and_heat_map() -> None:
    bench = Bench(scores(0.9, heat=0.9))
    inspected = bench.inspector.inspect(Occasion("7", frame(bench.clock.now_ns()), bench.clock.now_ns()))
    assert inspected.verdict.outcome is Outcome.DEFECT
    assert inspected.frame is not None
    assert inspected.heat_map is not None


def test_only_the_region_is_judged() -> None:
    bench = Bench(scores(0.1), region=Region(x=0.5, width=0.5))
    bench.verdict()
    assert bench.seen[0].shape == (HEIGHT_PX, WIDTH_PX // 2, 3)


FAULTS: dict[str, tuple[Scores | Exception, Cause]] = {
    "a backend that hangs": (BackendHung("no answer"), Cause.BACKEND_HUNG),
    "a backend that fails": (BackendFailed("out of arena"), Cause.BACKEND_FAILED),
    "a model of NaN": (scores(float("nan")), Cause.NOT_A_NUMBER),
    "a model of infinity": (scores(float("inf")), Cause.NOT_A_NUMBER),
    "a heat map of NaN": (scores(0.1, heat=float("nan")), Cause.NOT_A_NUMBER),
    "a fault that nobody thought of": (ZeroDivisionError("oops"), Cause.INTERNAL),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_unknown_within_the_deadline_for_every_part(fault: str) -> None:
    answer, cause = FAULTS[fault]
    bench = Bench(answer)
    for _ in range(3):
        verdict = bench.verdict()
        assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, cause)
        assert verdict.latency_ms <= DEADLINE_MS


def test_the_scorer_leaves_time_to_hand_the_verdict_over() -> None:
    bench = Bench(scores(0.1))
    bench.verdict()
    assert bench.limits_ms == [pytest.approx(DEADLINE_MS - 50)]


def test_a_verdict_that_comes_too_late_is_unknown() -> None:
    verdict = Bench(scores(0.1), takes_ms=DEADLINE_MS + 1).verdict()
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.DEADLINE)
    assert "501 ms" in verdict.reason


def test_a_defect_that_comes_too_late_is_unknown_too() -> None:
    assert Bench(scores(0.9), takes_ms=DEADLINE_MS + 1).verdict().cause is Cause.DEADLINE


def test_an_old_frame_is_not_judged() -> None:
    bench = Bench(scores(0.1))
    assert bench.verdict(age_ms=1001).cause is Cause.STALE
    assert bench.verdict(age_ms=999).outcome is Outcome.GOOD
    assert len(bench.seen) == 1


def test_what_already_speaks_against_a_part_is_believed() -> None:
    bench = Bench(scores(0.1))
    verdict = bench.verdict(ailment=Ailment(Cause.DARK, "the light is off"))
    assert (verdict.cause, verdict.reason) == (Cause.DARK, "the light is off")
    assert not bench.seen


def test_without_a_picture_there_is_no_good_part() -> None:
    bench = Bench(scores(0.1))
    now_ns = bench.clock.now_ns()
    nothing = bench.inspector.inspect(Occasion("7", None, now_ns)).verdict
    torn = bench.inspector.inspect(Occasion("8", BadReading("a", 1, now_ns, "torn"), now_ns)).verdict
    assert {nothing.outcome, torn.outcome} == {Outcome.UNKNOWN}
    assert nothing.captured_at_ns == 0


def test_a_window_is_judged_whole_and_kept_as_what_was_seen() -> None:
    bench = Bench(scores(0.9), region=Region(x=0.5, width=0.5))
    heard = window(bench.clock.now_ns())
    inspected = bench.inspector.inspect(Occasion("7", heard, bench.clock.now_ns()))
    assert inspected.verdict.outcome is Outcome.DEFECT
    assert bench.seen == [heard]
    assert (inspected.seen, inspected.window, inspected.frame) == (heard, heard, None)


def test_a_window_that_is_too_old_is_not_judged() -> None:
    bench = Bench(scores(0.1))
    assert bench.verdict(window(bench.clock.now_ns() - 1001 * MS)).cause is Cause.STALE
    assert not bench.seen


def test_latency_without_a_frame_counts_from_the_trigger() -> None:
    bench = Bench(scores(0.1))
    triggered_at_ns = bench.clock.now_ns() - NS_PER_S // 10
    assert bench.inspector.inspect(Occasion("7", None, triggered_at_ns)).verdict.latency_ms == pytest.approx(100)


def test_a_defect_is_as_grave_as_the_station_says() -> None:
    rules = (GradeRule(from_score=0.8, grade=Grade.CRITICAL), GradeRule(grade=Grade.MINOR))
    assert Bench(scores(0.9), grades=rules).verdict().grade is Grade.CRITICAL
    assert Bench(scores(0.6), grades=rules).verdict().grade is Grade.MINOR
    assert Bench(scores(0.9)).verdict().grade is Grade.MAJOR
    assert Bench(scores(0.1), grades=rules).verdict().grade is None
    assert Bench(scores(0.9), takes_ms=DEADLINE_MS + 1, grades=rules).verdict().grade is None


def test_a_fault_while_the_verdict_is_made_is_an_unknown_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("edge_runtime.inspection.inspector.grade_of", broken)
    verdict = Bench(scores(0.9)).verdict()
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.INTERNAL)
