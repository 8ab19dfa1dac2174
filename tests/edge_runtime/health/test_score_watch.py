from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_contracts.station import Drift
from edge_contracts.verdict import Cause
from edge_runtime.conditions import Conditions
from edge_runtime.health.score_watch import LEARNED_FROM, ScoreWatch, score_reference
from edge_runtime.learned import Learned
from edge_runtime.lessons.lesson import Impression
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.picture_health import Light
from tests.edge_runtime.health.test_drift import lognormal
from tests.fakes.parts import DIGEST, inspected, verdict

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = score_reference(lognormal(200, 0))


class Bench:
    """A watch over one point in a state folder; `light` is how its pictures look."""

    def __init__(self, folder: Path, *, window: int = 200) -> None:
        self.conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NONE))
        self.light: Light | None = Light(100, 40, 200, 500)
        self.learned = Learned(folder)
        self.watch = ScoreWatch(Drift(window=window), self.conditions, self.learned, lambda _name: self.light)

    def take(self, scores: list[float], cause: Cause = Cause.CLEAN) -> tuple[AlarmType, ...]:
        for score in scores:
            self.watch.take(inspected(verdict(cause, score=score)))
        self.watch.look()
        return self.conditions.active()

    @property
    def reason(self) -> str:
        return next(one.reason for one in self.conditions.alarms() if one.type is AlarmType.DRIFT)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.watch.follow("gate", DIGEST, REFERENCE)
    return made


def test_scores_that_drift_are_told_and_are_over_when_they_are_back(bench: Bench) -> None:
    assert bench.take(lognormal(200, 1)) == ()
    assert bench.take(lognormal(200, 2, shift=2)) == (AlarmType.DRIFT,)
    assert "the last 200 scores are higher than those of good parts were" in bench.reason
    assert bench.take(lognormal(200, 3)) == ()


def test_what_was_taught_is_no_drift(bench: Bench) -> None:
    for score in lognormal(200, 1):
        seen = Impression(np.zeros(3, np.float32), np.zeros((2, 2), np.float32), score, 1.0, DIGEST)
        bench.watch.take(replace(inspected(verdict(Cause.THRESHOLD, score=score * 100)), impression=seen))
    bench.watch.look()
    assert bench.conditions.active() == ()


def test_nothing_is_said_before_the_window_is_full(bench: Bench) -> None:
    assert bench.take(lognormal(199, 2, shift=5)) == ()
    assert bench.take(lognormal(1, 3, shift=5)) == (AlarmType.DRIFT,)


def test_defects_count_too_and_unknowns_do_not(bench: Bench) -> None:
    assert bench.take(lognormal(400, 2, shift=5), Cause.UNSURE) == ()
    assert bench.take(lognormal(200, 2, shift=5), Cause.THRESHOLD) == (AlarmType.DRIFT,)


def test_a_comparison_waits_until_a_fifth_of_the_window_is_new(bench: Bench) -> None:
    bench.take(lognormal(200, 1))
    before = bench.watch.drift_of("gate")
    bench.take(lognormal(39, 2))
    assert bench.watch.drift_of("gate") is before
    bench.take(lognormal(1, 3))
    assert bench.watch.drift_of("gate") is not before


def test_without_a_reference_the_first_good_parts_are_it_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    bench.watch.follow("gate", DIGEST, None)
    bench.take(lognormal(LEARNED_FROM - 1, 1))
    assert "no scores of good parts" not in caplog.text
    bench.take(lognormal(1, 2))
    assert "against the first 500 here" in caplog.text
    assert bench.take(lognormal(200, 3)) == ()
    assert bench.take(lognormal(200, 4, shift=2)) == (AlarmType.DRIFT,)


def test_what_was_learned_of_scores_and_light_serves_after_a_restart(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.watch.follow("gate", DIGEST, None)
    first.take(lognormal(LEARNED_FROM, 1))
    second = Bench(tmp_path)
    second.light = Light(80, 40, 200, 500)
    second.watch.follow("gate", DIGEST, None)
    assert second.take(lognormal(200, 4, shift=2)) == (AlarmType.DRIFT,)
    assert "20% darker" in second.reason


def test_another_model_learns_anew(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.watch.follow("gate", DIGEST, None)
    first.take(lognormal(LEARNED_FROM, 1))
    second = Bench(tmp_path)
    second.watch.follow("gate", "cd" * 32, None)
    assert second.take(lognormal(200, 4, shift=5)) == ()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"reference": {"quantiles": [], "samples": 9}, "light": null}'])
def test_what_cannot_be_read_is_learned_anew(tmp_path: Path, content: bytes) -> None:
    bench = Bench(tmp_path)
    bench.learned.keep(f"scores-gate-{DIGEST[:8]}.json", content)
    bench.watch.follow("gate", DIGEST, REFERENCE)
    assert bench.take(lognormal(200, 4, shift=5)) == (AlarmType.DRIFT,)
    assert "is not known" in bench.reason


def test_a_point_that_is_no_more_has_no_drift(bench: Bench) -> None:
    bench.take(lognormal(200, 2, shift=5))
    bench.watch.forget("gate")
    assert bench.conditions.active() == ()
    assert bench.take(lognormal(200, 2, shift=5)) == ()


def test_parts_without_a_score_are_passed_over(bench: Bench) -> None:
    bench.watch.take(inspected(verdict(Cause.CLEAN, score=None)))
    bench.watch.take(inspected(verdict(Cause.CLEAN, score=float("nan"))))
    bench.watch.look()
    assert bench.watch.drift_of("gate") is None


def test_scores_of_few_values_are_no_drift_from_themselves(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.watch.follow("gate", DIGEST, None)
    few = [0.40625001, 0.3984375, 0.41015625]
    assert bench.take(few * 200) == ()
    assert bench.take(few * 100) == ()
