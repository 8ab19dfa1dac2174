"""Several models on one part: who is asked, in what time, and what becomes of each fault."""

from __future__ import annotations

from typing import Any

import pytest

from edge_contracts.manifest import AnomalyRule
from edge_contracts.station import FolderSource, PointModel
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.capture.source import BadReading
from edge_runtime.inspection.chain import Chain, Link
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.inspector import Inspector
from edge_runtime.inspection.scorer import BackendFailed, BackendHung
from edge_runtime.occasion import Ailment, Occasion
from tests.fakes.bundled import FakeBundle, ScriptedScorer
from tests.fakes.clock import FakeClock
from tests.fakes.parts import frame, point, scores, window

CLEAN, BAD = scores(0.1), scores(0.9)
DEADLINE_MS = 500.0


class Ear:
    """A source beside the point's: gives what it is told to."""

    def __init__(self, reading: Any, ailment: Ailment | None = None) -> None:
        self.wanted: list[int] = []
        self._answer = reading, ailment

    def want(self, since_ns: int) -> None:
        self.wanted.append(since_ns)

    def take(self, until_ns: int) -> Any:  # noqa: ARG002 - a stand-in waits for nothing
        return self._answer


class Line:
    """An inspection point with one scripted model per answer, `gate` first where there is one."""

    def __init__(
        self, *answers: Any, gate: Any = None, rule: Any = "any", takes_ms: float = 10, ear: Ear | None = None
    ) -> None:
        self.clock = FakeClock()
        every = [*([gate] if gate is not None else []), *answers]
        self.scorers = [ScriptedScorer(self.clock, answer, takes_ms=takes_ms) for answer in every]
        names = ["gate", "one", "two", "three"] if gate is not None else ["one", "two", "three"]
        names = names[: len(every)]
        source = FolderSource(kind="folder", path="/sounds")
        models = [PointModel(name=name, bundle=f"/{name}.bundle") for name in names]
        if ear is not None:
            models[-1] = models[-1].model_copy(update={"source": source})
        settings = point(bundle="", models=tuple(models), join=rule, deadline_ms=DEADLINE_MS)
        links = [
            Link(
                Examiner(view, FakeBundle(AnomalyRule(threshold=0.5), digest=name * 2), scorer, self.clock, name=name),
                is_gate=name == "gate",
                beside=ear if name == names[-1] else None,
            )
            for view, scorer, name in zip(settings.views, self.scorers, names, strict=True)
        ]
        self.inspector = Inspector(settings, Chain(links, rule, self.clock), self.clock)

    def verdict(self, **occasion: Any):
        now_ns = self.clock.now_ns()
        values = {"part": "7", "reading": frame(now_ns), "triggered_at_ns": now_ns} | occasion
        return self.inspector.inspect(Occasion(**values)).verdict

    @property
    def asked(self) -> list[int]:
        return [len(scorer.seen) for scorer in self.scorers]


def test_the_verdict_names_the_bundle_that_decided_and_what_each_model_said() -> None:
    verdict = Line(CLEAN, BAD).verdict()
    assert (verdict.outcome, verdict.model) == (Outcome.DEFECT, "twotwo")
    assert [(one.model, one.outcome) for one in verdict.models] == [("one", Outcome.GOOD), ("two", Outcome.DEFECT)]
    assert verdict.reason.startswith("two: anomaly score 0.9 reaches")
    assert verdict.reason.endswith("(one good)")


def test_what_a_gate_lets_through_is_good_without_asking_the_others() -> None:
    line = Line(BAD, gate=CLEAN)
    verdict = line.verdict()
    assert (verdict.outcome, verdict.model) == (Outcome.GOOD, "gategate")
    assert line.asked == [1, 0]


def test_what_a_gate_suspects_is_decided_by_the_others() -> None:
    assert Line(CLEAN, gate=BAD).verdict().outcome is Outcome.GOOD
    assert Line(BAD, gate=BAD).verdict().model == "oneone"


GATE_FAULTS = {
    "hangs": BackendHung("late"),
    "fails": BackendFailed("arena"),
    "gives no number": scores(float("nan")),
    "raises": ZeroDivisionError("oops"),
}


@pytest.mark.parametrize("fault", GATE_FAULTS)
def test_a_gate_that_cannot_judge_lets_nothing_pass(fault: str) -> None:
    line = Line(CLEAN, gate=GATE_FAULTS[fault])
    verdict = line.verdict()
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason.startswith("gate: ")
    assert line.asked == [1, 1]
    assert Line(BAD, gate=GATE_FAULTS[fault]).verdict().outcome is Outcome.DEFECT


@pytest.mark.parametrize("rule", ["any", "all"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("fault", GATE_FAULTS)
def test_a_fault_of_any_model_is_never_good(fault: str, place: int, rule: str) -> None:
    answers: list[Any] = [CLEAN] * 3
    answers[place] = GATE_FAULTS[fault]
    assert Line(*answers, rule=rule).verdict().outcome is Outcome.UNKNOWN


def test_all_models_share_one_deadline() -> None:
    line = Line(CLEAN, CLEAN, CLEAN, takes_ms=100)
    assert line.verdict().outcome is Outcome.GOOD
    assert len({limit for scorer in line.scorers for limit in scorer.limits_ns}) == 1


def test_a_model_for_which_no_time_is_left_is_not_asked_and_the_part_is_unknown() -> None:
    line = Line(CLEAN, CLEAN, CLEAN, takes_ms=230)
    verdict = line.verdict()
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.DEADLINE)
    assert line.asked == [1, 1, 0]
    assert verdict.latency_ms <= DEADLINE_MS


def test_an_only_model_without_time_is_told_of_the_deadline_and_of_no_other() -> None:
    line = Line(CLEAN)
    late_ns = line.clock.now_ns() - int(DEADLINE_MS * 1e6)
    verdict = line.verdict(triggered_at_ns=late_ns)
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.DEADLINE)
    assert "raise deadline_ms" in verdict.reason
    assert "those before" not in verdict.reason
    assert line.asked == [0]


def test_a_sound_beside_the_picture_is_judged_for_the_same_part() -> None:
    ear = Ear(window())
    line = Line(CLEAN, BAD, ear=ear)
    assert line.verdict().model == "twotwo"
    assert len(ear.wanted) == 1
    assert line.scorers[1].seen[0] is ear.take(0)[0]


def test_a_gate_does_not_spare_a_model_that_sees_something_else() -> None:
    line = Line(BAD, BAD, gate=CLEAN, ear=Ear(window()))
    verdict = line.verdict()
    assert (verdict.outcome, verdict.model) == (Outcome.DEFECT, "twotwo")
    assert line.asked == [1, 0, 1]


SILENCE = {
    "nothing": (Ear(None), Cause.NO_FRAME),
    "nothing, and why": (Ear(None, Ailment(Cause.SOURCE_LOST, "unplugged")), Cause.SOURCE_LOST),
    "a bad one": (Ear(BadReading("a", 1, 1, "torn")), Cause.NO_FRAME),
    "a sick one": (Ear(window(), Ailment(Cause.STALE, "old")), Cause.STALE),
}


@pytest.mark.parametrize("what", SILENCE)
def test_a_source_beside_that_gives_nothing_usable_makes_the_part_unknown(what: str) -> None:
    ear, cause = SILENCE[what]
    verdict = Line(CLEAN, CLEAN, ear=ear).verdict()
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, cause)
    assert Line(BAD, CLEAN, ear=ear).verdict().outcome is Outcome.DEFECT


def test_what_already_speaks_against_a_part_asks_no_model() -> None:
    line = Line(CLEAN, gate=CLEAN)
    verdict = line.verdict(ailment=Ailment(Cause.DARK, "the light is off"))
    assert (verdict.cause, verdict.model, verdict.models) == (Cause.DARK, "gategate", ())
    assert line.asked == [0, 0]


def test_with_all_a_single_model_cannot_make_a_defect() -> None:
    assert Line(CLEAN, BAD, rule="all").verdict().outcome is Outcome.GOOD
    assert Line(BAD, BAD, rule="all").verdict().outcome is Outcome.DEFECT
