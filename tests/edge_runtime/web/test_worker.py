from __future__ import annotations

import threading

import pytest

from edge_runtime.web.worker import Worker, WorkerBusy


def worker(waiting_max: int = 2, idle_s: float = 60, when_idle=lambda: None) -> Worker:
    made = Worker("w", waiting_max, idle_s, when_idle)
    made.start()
    return made


def test_an_answer_and_an_error_come_back() -> None:
    made = worker()
    assert made.submit(lambda: 7).result(5) == 7
    with pytest.raises(ZeroDivisionError):
        made.submit(lambda: 1 / 0).result(5)
    assert made.submit(lambda: 8).result(5) == 8
    assert made.stop(5)


def test_a_full_line_is_said_at_once() -> None:
    made, begun, release = worker(), threading.Event(), threading.Event()
    first = made.submit(lambda: (begun.set(), release.wait(10)))
    assert begun.wait(5)
    waiting = [made.submit(lambda: 1), made.submit(lambda: 2)]
    with pytest.raises(WorkerBusy, match="found 2 requests waiting"):
        made.submit(lambda: 3)
    release.set()
    first.result(5)
    assert [one.result(5) for one in waiting] == [1, 2]
    assert made.stop(5)


def test_what_was_given_up_while_it_waited_is_not_done() -> None:
    made, begun, release, done = worker(), threading.Event(), threading.Event(), []
    made.submit(lambda: (begun.set(), release.wait(10)))
    assert begun.wait(5)
    made.submit(lambda: done.append("given up")).cancel()
    last = made.submit(lambda: done.append("wanted"))
    release.set()
    last.result(5)
    assert done == ["wanted"]
    assert made.stop(5)


def test_what_is_held_is_let_go_when_nobody_asks_and_at_the_end() -> None:
    idle = threading.Semaphore(0)
    made = worker(idle_s=0.01, when_idle=idle.release)
    assert idle.acquire(timeout=5)
    assert made.stop(5)
    ended = worker(when_idle=idle.release)
    ended.submit(lambda: None).result(5)
    while idle.acquire(blocking=False):
        pass
    assert ended.stop(5)
    assert idle.acquire(blocking=False)


def test_a_call_that_does_not_come_back_is_left_behind_loudly(caplog: pytest.LogCaptureFixture) -> None:
    made, release = worker(), threading.Event()
    call = made.submit(lambda: release.wait(10))
    assert not made.stop(0.01)
    assert "left behind" in caplog.text
    with pytest.raises(WorkerBusy, match="being stopped"):
        made.submit(lambda: 1)
    release.set()
    call.result(5)


def test_a_worker_that_never_started_stops() -> None:
    assert Worker("w", 1, 1, lambda: None).stop(1)
