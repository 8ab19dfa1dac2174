from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_runtime.inspection.scorer import BackendFailed, BackendHung, Scorer
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import scores
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_runtime.frames import Scores, Subject

PATIENCE_S = 10.0
LIMIT_S = 0.4


class HangingModel:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.release = threading.Event()
        self.calls = 0

    def predict(self, subject: Subject) -> Scores:  # noqa: ARG002 - the Protocol's
        self.calls += 1
        self.asked.set()
        assert self.release.wait(PATIENCE_S)
        return scores(float(self.calls))


class FailingModel:
    @staticmethod
    def predict(pixels: npt.NDArray[np.uint8]) -> Scores:  # noqa: ARG004 - the Protocol's
        raise RuntimeError("out of arena")


def hung_scorer() -> tuple[Scorer, HangingModel, FakeClock]:
    model = HangingModel()
    clock = FakeClock(answers=model.asked)
    scorer = Scorer("gate", model, clock)
    scorer.start()
    with pytest.raises(BackendHung, match="within 400 ms, found none"):
        scorer.score(picture(), clock.now_ns() + int(LIMIT_S * NS_PER_S))
    return scorer, model, clock


def test_an_answer_in_time_is_handed_over() -> None:
    model = HangingModel()
    model.release.set()
    clock = FakeClock(patient=True)
    scorer = Scorer("gate", model, clock)
    scorer.start()
    assert scorer.score(picture(), clock.now_ns() + NS_PER_S).values[0] == 1
    assert scorer.hung_s() == 0
    assert scorer.stop(PATIENCE_S)


def test_a_hang_is_told_at_the_limit_and_not_later() -> None:
    scorer, model, clock = hung_scorer()
    assert clock.waits_s == [pytest.approx(LIMIT_S)]
    model.release.set()
    assert scorer.stop(PATIENCE_S)


def test_a_limit_below_a_millisecond_is_told_as_it_is() -> None:
    model = HangingModel()
    clock = FakeClock(answers=model.asked)
    scorer = Scorer("gate", model, clock)
    scorer.start()
    with pytest.raises(BackendHung, match=r"within 0\.20 ms, found none"):
        scorer.score(picture(), clock.now_ns() + NS_PER_S // 5000)
    model.release.set()
    assert scorer.stop(PATIENCE_S)


def test_while_the_backend_hangs_every_further_part_is_told_at_once() -> None:
    scorer, model, clock = hung_scorer()
    for _ in range(3):
        with pytest.raises(BackendHung, match="still busy after"):
            scorer.score(picture(), clock.now_ns() + NS_PER_S)
    assert len(clock.waits_s) == 1
    assert model.calls == 1
    model.release.set()
    assert scorer.stop(PATIENCE_S)


def test_how_long_the_backend_hangs_is_known() -> None:
    scorer, model, clock = hung_scorer()
    clock.advance(5.0)
    assert scorer.hung_s() == pytest.approx(5.0 + LIMIT_S)
    model.release.set()
    assert scorer.stop(PATIENCE_S)
    assert scorer.hung_s() == 0


def test_a_late_answer_is_not_taken_for_the_next_parts() -> None:
    scorer, model, clock = hung_scorer()
    model.release.set()
    while scorer.hung_s():
        threading.Event().wait(0.001)
    clock_of_the_next = FakeClock(patient=True)
    scorer._clock = clock_of_the_next
    assert scorer.score(picture(), clock_of_the_next.now_ns() + NS_PER_S).values[0] == 2
    assert clock.waits_s
    assert scorer.stop(PATIENCE_S)


def test_what_the_backend_raises_is_chained() -> None:
    clock = FakeClock(patient=True)
    scorer = Scorer("gate", FailingModel(), clock)
    scorer.start()
    with pytest.raises(BackendFailed, match="RuntimeError: out of arena") as caught:
        scorer.score(picture(), clock.now_ns() + NS_PER_S)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert scorer.stop(PATIENCE_S)


def test_stopping_says_no_while_the_backend_hangs() -> None:
    scorer, model, _ = hung_scorer()
    assert scorer.stop(0.0) is False
    model.release.set()
    assert scorer.stop(PATIENCE_S) is True
