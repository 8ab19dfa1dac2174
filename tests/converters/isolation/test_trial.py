"""A candidate that kills its process takes nobody with it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from select import select
from threading import Timer
from threading import enumerate as threads
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from converters.execute import Kernels
from converters.isolation import trial
from converters.isolation.forking import PRELOADED_TO_COMPILE, forked_children, server_in_use
from converters.isolation.memory_limit import limit_bytes
from converters.isolation.trial import CandidateFailedError, TrialChild
from converters.isolation.trial_child import FEWEST_TO_SHARE
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converters.graph import Graph

SHAPE = (1, 4)
FEEDS = [{"in0": np.full(SHAPE, place, np.float32)} for place in range(3)]


@pytest.fixture
def doubling(one_operator: Callable[..., Graph]) -> bytes:
    return write_tflite(one_operator("MUL", [SHAPE, np.array([2], np.float32)], [SHAPE]))


@pytest.fixture
def child() -> Iterator[TrialChild]:
    with closing(TrialChild()) as running:
        yield running


@pytest.mark.parametrize("kernels", Kernels)
@pytest.mark.parametrize("count", [3, FEWEST_TO_SHARE + 1])
def test_answers_come_back_for_every_feed_in_order(
    doubling: bytes, child: TrialChild, kernels: Kernels, count: int
) -> None:
    answers = child.run(doubling, [{"in0": np.full(SHAPE, place, np.float32)} for place in range(count)], kernels)
    assert [[output.tolist() for output in one] for one in answers] == [
        [np.full(SHAPE, 2 * place).tolist()] for place in range(count)
    ]


def test_the_caller_goes_on_while_a_candidate_runs(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs(
        "import os, time\nfrom converters.isolation import trial_child\nreal = trial_child._answer\n"
        "trial_child._answer = lambda one: (time.sleep(0.5), real(one))[1]\ntrial_child.main()",
    )
    with closing(TrialChild()) as child:
        ending = child.begin(doubling, FEEDS, Kernels.XNNPACK)
        assert not select([child._process._answers], [], [], 0)[0]  # type: ignore[union-attr]
        assert len(ending()) == len(FEEDS)


def test_one_child_tries_many_candidates(doubling: bytes, child: TrialChild) -> None:
    child.run(doubling, FEEDS, Kernels.XNNPACK)
    first = child._process
    child.run(doubling, FEEDS, Kernels.XNNPACK)
    assert child._process is first


def test_an_answer_that_nobody_waited_for_is_not_the_next_ones(doubling: bytes, child: TrialChild) -> None:
    child.begin(doubling, [{"in0": np.full(SHAPE, 100, np.float32)}], Kernels.XNNPACK)
    (answer,) = child.run(doubling, FEEDS[1:2], Kernels.XNNPACK)
    assert answer[0].tolist() == np.full(SHAPE, 2).tolist()


def test_a_file_that_does_not_load_is_told_in_the_runtimes_words(doubling: bytes, child: TrialChild) -> None:
    with pytest.raises(CandidateFailedError, match="refused by the runtime: LiteRT does not load the model"):
        child.run(b"no model", FEEDS, Kernels.XNNPACK)
    assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)


def test_a_child_that_is_killed_is_told_and_the_next_candidate_gets_another(doubling: bytes, child: TrialChild) -> None:
    child.run(doubling, FEEDS, Kernels.XNNPACK)
    assert child._process is not None
    child._process.kill()
    with pytest.raises(CandidateFailedError, match="signal 9"):
        child.run(doubling, FEEDS, Kernels.XNNPACK)
    assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)


def test_a_runtime_that_aborts_is_told_with_its_last_words(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs("import os, sys; sys.stderr.write('kernel: no'); sys.stderr.flush(); os.abort()")
    with closing(TrialChild()) as child, pytest.raises(CandidateFailedError, match="signal 6: kernel: no"):
        child.run(doubling, FEEDS, Kernels.XNNPACK)


def test_a_runtime_that_hangs_is_ended(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs("import signal; signal.pause()")
    with closing(TrialChild(0.3)) as child, pytest.raises(CandidateFailedError, match="did not finish within"):
        child.run(doubling, FEEDS, Kernels.XNNPACK)


def test_a_runtime_that_does_not_hear_its_feeds_is_ended(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs("import signal; signal.pause()")
    more_than_a_pipe_holds = [{"in0": np.zeros(1 << 20, np.float32)}]
    with closing(TrialChild(0.3)) as child, pytest.raises(CandidateFailedError, match="did not finish within"):
        child.run(doubling, more_than_a_pipe_holds, Kernels.XNNPACK)


def test_no_deadline_runs_while_the_caller_is_busy_or_after_it(doubling: bytes, child: TrialChild) -> None:
    ending = child.begin(doubling, FEEDS, Kernels.XNNPACK)
    assert not _running_deadlines()
    ending()
    assert not _running_deadlines()


def test_an_answer_that_has_come_counts_however_late_it_is_read(doubling: bytes, child: TrialChild) -> None:
    ending = child.begin(doubling, FEEDS, Kernels.XNNPACK)
    assert child._process is not None
    select([child._process._answers], [], [])
    child._timeout_s = 0.0
    assert len(ending()) == len(FEEDS)


def test_a_deadline_that_is_met_kills_nobody_though_its_time_ends_just_then(doubling: bytes, child: TrialChild) -> None:
    child.run(doubling, FEEDS, Kernels.XNNPACK)
    assert child._process is not None
    met, missed = (trial._Deadline(60, child._process) for _ in range(2))
    assert not met.is_over_by_now()
    met.function()
    assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)
    missed.function()
    assert missed.is_over_by_now()
    assert child._process._child.wait() == -9


def _running_deadlines() -> list[Any]:
    found = [thread for thread in threads() if isinstance(thread, Timer)]
    for thread in found:
        thread.join(5)
    return [thread for thread in found if thread.is_alive()]


def test_a_child_that_leaves_in_silence_is_no_success(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs("")
    with closing(TrialChild()) as child, pytest.raises(CandidateFailedError, match="end with exit code 0; keep"):
        child.run(doubling, FEEDS, Kernels.XNNPACK)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys\nprint('no message', flush=True)\nsys.stdin.read()", "exit code 0; keep"),
        ("import os, signal\nos.write(1, b'no message')\nos.close(1)\nsignal.pause()", "signal 9; keep"),
    ],
)
def test_a_child_that_answers_what_is_no_message_is_ended(
    doubling: bytes, child_runs: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    child_runs(program)
    monkeypatch.setattr(trial, "ENDING_S", 0.3)
    with closing(TrialChild(30)) as child, pytest.raises(CandidateFailedError, match=told):
        child.run(doubling, FEEDS, Kernels.XNNPACK)


def test_what_a_runtime_prints_is_no_answer(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    child_runs(
        "import os\nfrom converters.isolation import trial_child\nreal = trial_child._answer\n"
        "trial_child._answer = lambda one: (os.write(1, b'INFO'), real(one))[1]\ntrial_child.main()",
    )
    with closing(TrialChild()) as chatting:
        assert len(chatting.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)


def test_a_child_has_an_end_to_its_memory(doubling: bytes, child_runs: Callable[[str], None]) -> None:
    """By the first question; what comes after it is of the same network."""
    child_runs(
        "import resource\nfrom converters.isolation import trial_child\n"
        "from converters.isolation.array_stream import Message\n"
        "trial_child._answer = lambda _: Message({'refusal': f'{resource.getrlimit(resource.RLIMIT_AS)[0]} bytes'})\n"
        "trial_child.main()",
    )
    given = sum(feed["in0"].nbytes for feed in FEEDS)
    with closing(TrialChild()) as child:
        for content in (doubling, doubling + bytes(100), doubling[:10]):
            with pytest.raises(CandidateFailedError, match=f": {limit_bytes(len(doubling) + given)} bytes"):
                child.run(content, FEEDS, Kernels.XNNPACK)


def test_a_user_who_may_have_no_larger_pipes_has_those_of_the_kernel(doubling: bytes) -> None:
    with mock.patch.object(trial, "fcntl", side_effect=PermissionError), closing(TrialChild()) as child:
        assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)


def test_a_candidate_whose_server_is_lost_runs_once_more_in_another(doubling: bytes) -> None:
    with forked_children(PRELOADED_TO_COMPILE), closing(TrialChild()) as child:
        assert child._server is server_in_use()
        assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)
        ending = child.begin(doubling, FEEDS, Kernels.XNNPACK)
        child._server.kill()
        child._server._process.wait()
        assert len(ending()) == len(FEEDS)
        assert len(child.run(doubling, FEEDS, Kernels.XNNPACK)) == len(FEEDS)
        assert child._server is not server_in_use()


def test_a_candidate_that_takes_every_server_with_it_is_told(
    doubling: bytes, child_runs: Callable[[str], None]
) -> None:
    child_runs("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)")
    with closing(TrialChild(30)) as child, pytest.raises(CandidateFailedError, match="the loss of the process that it"):
        child.run(doubling, FEEDS, Kernels.XNNPACK)


def test_a_closed_child_has_ended(doubling: bytes) -> None:
    with forked_children(PRELOADED_TO_COMPILE):
        child = TrialChild()
        child.run(doubling, FEEDS, Kernels.XNNPACK)
        server = Path("/proc", str(child._server._process.pid))
        assert _children(server)
        child.close()
        assert not _children(server)
        assert server.exists()


def _children(process: Path) -> list[str]:
    return Path(process, "task", process.name, "children").read_text("ascii").split()


@pytest.fixture
def child_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets children run a program instead."""

    def set_program(program: str) -> None:
        (tmp_path / "other_child.py").write_text(program, "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(trial, "CHILD", "other_child")

    return set_program
