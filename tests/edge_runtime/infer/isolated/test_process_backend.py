"""A model's process that hangs, dies, refuses or is slow takes nobody with it."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.bundle import read_bundle
from edge_runtime.clock import MonotonicClock
from edge_runtime.infer.backend import BackendError, open_backend
from edge_runtime.infer.isolated.nursery import Nursery
from edge_runtime.infer.isolated.process_backend import BackendDied, BackendLate, IsolatedBackend
from edge_runtime.infer.isolated.worker import Wish
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

TFLITE = Wish("tflite", "auto", 1, "default")
NS_PER_MS = 1_000_000
PAUSE_MIN_S = 0.5
NURSERY_PATIENCE_NS = 1000 * NS_PER_MS
"""Half of what the nursery gets to answer: whoever waits for it waits longer."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "part.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.6))
    return read_bundle(path).model


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def backend(model: bytes, nursery: Nursery) -> Iterator[IsolatedBackend]:
    made = IsolatedBackend("gate", model, TFLITE, nursery, MonotonicClock(), hang_s=0.3)
    yield made
    made.close()


def grey(buffer: npt.NDArray[np.generic]) -> None:
    buffer[...] = np.arange(buffer.size).reshape(buffer.shape) % 100


def pid_of(backend: IsolatedBackend) -> int:
    life = backend._processes.present
    assert life is not None
    return life.worker.pid


def within(backend: IsolatedBackend, timeout_ms: float) -> None:
    backend.answer_by(MonotonicClock.now_ns() + int(timeout_ms * NS_PER_MS))


def answer_in_the_end(backend: IsolatedBackend) -> dict[str, npt.NDArray[np.generic]]:
    """What a line sees: each part within its deadline, and at last an answer."""
    for _ in range(200):
        within(backend, 100)
        backend.tend()
        try:
            return backend.run(grey)
        except BackendError:
            time.sleep(0.02)
    raise AssertionError("the model's process did not come back")


def same(one: dict[str, npt.NDArray[np.generic]], other: dict[str, npt.NDArray[np.generic]]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_answers_are_those_of_the_same_model_in_this_process(backend: IsolatedBackend, model: bytes) -> None:
    here = open_backend(model, model_format="tflite", runtime="auto", threads=1)
    assert same(backend.run(grey), here.run(grey))
    assert (backend.runtime, backend.version, backend.kernels) == (here.runtime, here.version, here.kernels)


def test_an_answer_stays_what_it_was_when_the_next_question_comes(backend: IsolatedBackend) -> None:
    first = backend.run(grey)
    kept = {name: values.copy() for name, values in first.items()}
    backend.run(lambda buffer: buffer.fill(1))
    assert same(first, kept)


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_is_named_and_another_answers(
    backend: IsolatedBackend, caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    before = backend.run(grey)
    within(backend, 2000)
    with pytest.raises(BackendDied, match=f"died of {number.name}"):
        backend.run(lambda _: os.kill(pid_of(backend), number))
    assert same(answer_in_the_end(backend), before)
    assert backend.restarts == 1
    assert f"died of {number.name}; another is started" in caplog.text


def test_a_process_that_died_unasked_is_replaced_before_the_next_part(backend: IsolatedBackend) -> None:
    first = pid_of(backend)
    os.kill(first, signal.SIGKILL)
    for _ in range(200):
        backend.tend()
        process = backend._processes.present
        if backend.restarts and process is not None and process.layout is not None:
            break
        time.sleep(0.01)
    within(backend, 2000)
    backend.run(grey)
    assert pid_of(backend) != first


def test_a_process_that_hangs_is_late_then_busy_then_replaced(backend: IsolatedBackend) -> None:
    before, hung = backend.run(grey), pid_of(backend)
    os.kill(hung, signal.SIGSTOP)
    within(backend, 50)
    with pytest.raises(BackendLate, match=r"within the [345]\d\.\d ms that were left, found none"):
        backend.run(grey)
    with pytest.raises(BackendLate, match="still busy after"):
        backend.run(grey)
    assert same(answer_in_the_end(backend), before)
    assert pid_of(backend) != hung
    assert not Path(f"/proc/{hung}").exists()


def test_a_fraction_of_a_millisecond_is_told_as_one(backend: IsolatedBackend) -> None:
    backend.run(grey)
    os.kill(pid_of(backend), signal.SIGSTOP)
    within(backend, 0.9)
    with pytest.raises(BackendLate, match=r"within the 0\.\d ms that were left"):
        backend.run(grey)


def test_a_late_answer_is_thrown_away(backend: IsolatedBackend) -> None:
    before, slow = backend.run(grey), pid_of(backend)
    os.kill(slow, signal.SIGSTOP)
    within(backend, 20)
    with pytest.raises(BackendLate):
        backend.run(lambda buffer: buffer.fill(0))
    os.kill(slow, signal.SIGCONT)
    assert same(answer_in_the_end(backend), before)
    assert pid_of(backend) == slow


def test_the_death_of_the_nursery_is_survived(backend: IsolatedBackend, nursery: Nursery) -> None:
    before = backend.run(grey)
    assert nursery._process is not None
    nursery._process.kill()
    nursery._process.wait()
    assert same(answer_in_the_end(backend), before)


def test_a_nursery_that_hangs_holds_up_no_part_and_is_replaced(backend: IsolatedBackend, nursery: Nursery) -> None:
    before = backend.run(grey)
    assert nursery._process is not None
    os.kill(nursery._process.pid, signal.SIGSTOP)
    os.kill(pid_of(backend), signal.SIGKILL)
    for _ in range(3):
        within(backend, 50)
        begun_ns = MonotonicClock.now_ns()
        with pytest.raises(BackendDied):
            backend.run(grey)
        backend.tend()
        assert MonotonicClock.now_ns() - begun_ns < NURSERY_PATIENCE_NS
    assert same(answer_in_the_end(backend), before)


def test_a_model_that_no_runtime_takes_is_refused_in_its_words(nursery: Nursery) -> None:
    with pytest.raises(BackendError, match="wanted a model that litert"):
        IsolatedBackend("gate", b"no model", TFLITE, nursery, MonotonicClock(), hang_s=1.0)


def test_closing_leaves_no_process_and_no_descriptor(model: bytes, nursery: Nursery) -> None:
    IsolatedBackend("gate", model, TFLITE, nursery, MonotonicClock(), hang_s=1.0).close()
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    for _ in range(3):
        made = IsolatedBackend("gate", model, TFLITE, nursery, MonotonicClock(), hang_s=1.0)
        pid = pid_of(made)
        made.run(grey)
        made.close()
        assert not Path(f"/proc/{pid}").exists()
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before


@pytest.mark.parametrize("changed", ["runtime", "version", "kernels"])
def test_a_process_that_comes_back_otherwise_is_refused_until_one_comes_back_the_same(
    backend: IsolatedBackend, changed: str
) -> None:
    before, first = backend.run(grey), backend._first
    assert first is not None
    backend._first = replace(first, **{changed: "another"})  # type: ignore[arg-type]
    os.kill(pid_of(backend), signal.SIGKILL)
    told = refusals_until(backend, "was refused")
    assert any("wanted " in one and "another" in one and f"found {first.runtime}" in one for one in told)
    assert backend._processes._pause_s > PAUSE_MIN_S, "no process after the other as fast as they can be made"
    backend._first = first
    assert same(answer_in_the_end(backend), before)


def test_memory_that_cannot_be_shared_is_a_failed_start_and_tried_again(
    backend: IsolatedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backend.run(grey)
    with monkeypatch.context() as patched:
        patched.setattr("edge_runtime.infer.isolated.process_backend.mmap.mmap", no_memory)
        os.kill(pid_of(backend), signal.SIGKILL)
        refusals_until(backend, "could not share its memory")
        for _ in range(3):
            backend.tend()
    assert same(answer_in_the_end(backend), before)


def test_a_thread_that_cannot_be_started_is_a_failed_start_and_tried_again(
    backend: IsolatedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, first = backend.run(grey), pid_of(backend)
    os.kill(first, signal.SIGSTOP)
    within(backend, 20)
    with pytest.raises(BackendLate):
        backend.run(grey)
    time.sleep(0.35)
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", no_thread)
        for _ in range(3):
            backend.tend()
        with pytest.raises(BackendDied):
            backend.run(grey)
    assert same(answer_in_the_end(backend), before)
    assert not Path(f"/proc/{first}").exists()


def no_memory(*_: object) -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def no_thread(_: object) -> None:
    raise RuntimeError("can't start new thread")


def refusals_until(backend: IsolatedBackend, wanted: str) -> list[str]:
    """What each part is told, until the process before it met its end as wanted."""
    told = []
    for _ in range(200):
        within(backend, 100)
        try:
            backend.run(grey)
        except BackendError as error:
            told.append(str(error))
        if wanted in backend._processes.trouble:
            return told
        time.sleep(0.02)
    raise AssertionError(f"{wanted!r} never came; the last trouble: {backend._processes.trouble}")


def test_a_nursery_that_is_closed_makes_no_process_for_one_who_comes_late(nursery: Nursery) -> None:
    nursery.start()
    nursery.close()
    with pytest.raises(BackendError, match="the nursery is closed"):
        nursery.fork(0, TFLITE)
    assert nursery._process is None


def test_a_daemon_that_is_killed_leaves_no_process_behind(backend: IsolatedBackend, nursery: Nursery) -> None:
    pid = pid_of(backend)
    nursery.close()
    for _ in range(300):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
            return
        time.sleep(0.01)
    raise AssertionError("the model's process outlives the nursery")
