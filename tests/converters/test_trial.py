"""A candidate that kills its process takes nobody with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters import trial
from converters.tflite import write_tflite
from converters.trial import CandidateFailedError, Trial, try_out, try_out_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

SHAPE = (1, 4)


@pytest.fixture
def doubling(one_operator: Callable[..., Graph]) -> bytes:
    return write_tflite(one_operator("MUL", [SHAPE, np.array([2], np.float32)], [SHAPE]))


def test_answers_come_back_for_every_feed_and_both_arithmetics(doubling: bytes) -> None:
    feeds = [{"in0": np.full(SHAPE, place, np.float32)} for place in range(3)]
    answers = try_out(doubling, feeds)
    for place in range(3):
        np.testing.assert_array_equal(answers.xnnpack[place][0], np.full(SHAPE, 2 * place))
        np.testing.assert_array_equal(answers.reference[place][0], np.full(SHAPE, 2 * place))


def test_a_file_that_does_not_load_is_named() -> None:
    with pytest.raises(CandidateFailedError, match="exit code 1"):
        try_out(b"no model", [{"in0": np.zeros(SHAPE, np.float32)}])


def test_a_runtime_that_aborts_is_survived(doubling: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    _child_runs(monkeypatch, "import os; os.abort()")
    with pytest.raises(CandidateFailedError, match="signal 6"):
        try_out(doubling, [{"in0": np.zeros(SHAPE, np.float32)}])


def test_a_runtime_that_hangs_is_ended(doubling: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    _child_runs(monkeypatch, "import signal; signal.pause()")
    with pytest.raises(CandidateFailedError, match="did not finish within"):
        try_out(doubling, [{"in0": np.zeros(SHAPE, np.float32)}], timeout_s=0.3)


def test_one_that_fails_takes_none_of_the_others_with_it(doubling: bytes) -> None:
    feeds = [{"in0": np.ones(SHAPE, np.float32)}]
    before, broken, after = try_out_all([(doubling, feeds), (b"no model", feeds), (doubling, feeds)])
    assert isinstance(broken, CandidateFailedError)
    for one in (before, after):
        assert isinstance(one, Trial)
        np.testing.assert_array_equal(one.xnnpack[0][0], np.full(SHAPE, 2))


def test_a_child_that_leaves_in_silence_is_no_success(doubling: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    _child_runs(monkeypatch, "")
    with pytest.raises(CandidateFailedError, match="in silence"):
        try_out(doubling, [{"in0": np.zeros(SHAPE, np.float32)}])


def _child_runs(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    real = trial.subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        return real([command[0], "-c", program], **options)

    monkeypatch.setattr(trial.subprocess, "run", run)
