"""What is forked is ended once, whoever comes between: a death, a close, a thread that cannot be had."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, cast

import pytest

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.isolated import process_supervisor
from edge_runtime.infer.isolated.nursery import Nursery, Worker
from edge_runtime.infer.isolated.process_supervisor import ModelProcess, ProcessSupervisor
from edge_runtime.infer.isolated.worker import Wish
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.infer.isolated.link import Layout

PATIENCE_S = 10.0
LOADED = cast("Layout", object())


class Forks:
    """A nursery that numbers its processes; one that is not free ends none, or makes none, until it is let go."""

    def __init__(self) -> None:
        self.forked: list[int] = []
        self.ended: list[int] = []
        self.free = threading.Event()
        self.free.set()
        self.forking = threading.Event()
        self.may_fork = threading.Event()
        self.may_fork.set()
        self.is_full = False
        self._far_ends: list[socket.socket] = []

    def fork(self, model: int, wish: Wish) -> Worker:
        del model, wish
        self.forking.set()
        assert self.may_fork.wait(PATIENCE_S)
        if self.is_full:
            raise BackendError("wanted a process, found none to be had")
        near, far = socket.socketpair()
        self._far_ends.append(far)
        self.forked.append(len(self.forked))
        return Worker(self.forked[-1], near, 1)

    def end(self, worker: Worker) -> str:
        assert self.free.wait(PATIENCE_S)
        worker.link.close()
        self._far_ends[worker.pid].close()
        self.ended.append(worker.pid)
        return "ended"


class JoinsWhenAsked:
    """A thread that comes to its end in the moment in which somebody asks for it."""

    def __init__(self, thread: threading.Thread, forks: Forks) -> None:
        self._thread = thread
        self._forks = forks

    def is_alive(self) -> bool:
        self.join()
        return False

    def join(self, timeout: float | None = None) -> None:
        del timeout
        self._forks.free.set()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def forks() -> Forks:
    return Forks()


@pytest.fixture
def supervisor(forks: Forks) -> Iterator[ProcessSupervisor]:
    wish = Wish("tflite", "auto", 1, "default")
    made = ProcessSupervisor("gate", b"model", wish, cast("Nursery", forks), FakeClock())
    made.start()
    yield made
    forks.free.set()
    made.close()
    assert forks.ended == forks.forked, "each process is ended, and once"


def bury(supervisor: ProcessSupervisor) -> threading.Thread:
    """Let go of the present process, which had loaded; the thread that replaces it."""
    process = present(supervisor)
    process.layout = LOADED
    supervisor.bury(process, "hung and")
    assert supervisor._replacing is not None
    return supervisor._replacing


def present(supervisor: ProcessSupervisor) -> ModelProcess:
    process = supervisor.present
    assert process is not None
    return process


def no_thread(_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_a_process_that_was_buried_is_replaced_by_one(supervisor: ProcessSupervisor, forks: Forks) -> None:
    bury(supervisor).join(PATIENCE_S)
    assert (present(supervisor).worker.pid, forks.forked, forks.ended) == (1, [0, 1], [0])
    assert (supervisor.restarts, supervisor.trouble) == (1, "hung and ended")


def test_none_is_started_while_another_is_being_replaced(supervisor: ProcessSupervisor, forks: Forks) -> None:
    forks.free.clear()
    replacing = bury(supervisor)
    supervisor.try_again()
    assert supervisor._replacing is replacing
    forks.free.set()
    replacing.join(PATIENCE_S)
    assert forks.forked == [0, 1]


def test_one_that_came_just_when_another_was_to_be_started_stays_the_only_one(
    supervisor: ProcessSupervisor, forks: Forks
) -> None:
    forks.free.clear()
    supervisor._replacing = cast("threading.Thread", JoinsWhenAsked(bury(supervisor), forks))
    supervisor.try_again()
    for thread in threading.enumerate():
        if thread.name == "replace-gate":
            thread.join(PATIENCE_S)
    assert forks.forked == [0, 1]


def test_where_no_process_is_to_be_had_it_is_tried_again_after_a_pause(
    supervisor: ProcessSupervisor, forks: Forks
) -> None:
    forks.is_full = True
    bury(supervisor).join(PATIENCE_S)
    forks.is_full = False
    supervisor.try_again()
    assert forks.forked == [0]
    cast("FakeClock", supervisor._clock).advance(1.0)
    supervisor.try_again()
    assert supervisor._replacing is not None
    supervisor._replacing.join(PATIENCE_S)
    assert forks.forked == [0, 1]


def test_closing_waits_for_a_process_that_is_just_being_replaced(supervisor: ProcessSupervisor, forks: Forks) -> None:
    forks.free.clear()
    supervisor._replacing = cast("threading.Thread", JoinsWhenAsked(bury(supervisor), forks))
    supervisor.close()
    assert (forks.ended, supervisor.present) == ([0, 1], None)


def test_closing_waits_for_a_nursery_that_hangs_only_so_long_and_nothing_is_forked_later(
    supervisor: ProcessSupervisor, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_supervisor, "_CLOSE_S", 0.0)
    forks.free.clear()
    replacing = bury(supervisor)
    supervisor.close()
    forks.free.set()
    replacing.join(PATIENCE_S)
    assert (forks.forked, forks.ended, supervisor.present) == ([0], [0], None)


@pytest.mark.parametrize("is_full", [False, True])
def test_closing_does_not_wait_for_a_nursery_that_hangs_in_making_a_process_which_is_ended_at_once(
    supervisor: ProcessSupervisor, forks: Forks, monkeypatch: pytest.MonkeyPatch, *, is_full: bool
) -> None:
    monkeypatch.setattr(process_supervisor, "_CLOSE_S", 0.0)
    forks.forking.clear()
    forks.may_fork.clear()
    forks.is_full = is_full
    replacing = bury(supervisor)
    assert forks.forking.wait(PATIENCE_S)
    supervisor.close()
    assert replacing.is_alive(), "it was not waited for"
    forks.may_fork.set()
    replacing.join(PATIENCE_S)
    made = [0] if is_full else [0, 1]
    assert (forks.forked, forks.ended, supervisor.present) == (made, made, None)
    assert supervisor._model is None, "its memory is free"


def test_closing_ends_a_process_for_whose_end_no_thread_was_to_be_had(
    supervisor: ProcessSupervisor, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("threading.Thread.start", no_thread)
        supervisor.bury(present(supervisor), "hung and")
    assert forks.ended == []
    supervisor.close()
    assert forks.ended == [0]
