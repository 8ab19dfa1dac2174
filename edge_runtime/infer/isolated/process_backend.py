"""A backend whose model runs in a process of its own: it may hang or die, and the caller is told in time.

The caller says until when it needs an answer (`answer_by`). What does not come is late; while it is late every further
question is refused at once. A process that has been late for too long is killed, and one that died is replaced,
while the caller goes on (`ProcessSupervisor`): neither the nursery nor the loading of a model ever holds up a part.
"""

from __future__ import annotations

import mmap
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.isolated.link import ANSWER, ANSWER_MAX, DATAGRAM_MAX, QUESTION, Layout
from edge_runtime.infer.isolated.process_supervisor import ProcessSupervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edge_runtime.clock import Clock
    from edge_runtime.infer.isolated.nursery import Nursery
    from edge_runtime.infer.isolated.process_supervisor import ModelProcess
    from edge_runtime.infer.isolated.worker import Wish

START_S = 60.0
"""How long a model may take to load for the first time."""

_NS_PER_S = 1_000_000_000
_FATE_S = 2.0
"""How long to wait to hear how a process ended; the nursery is asked no longer than that."""


class BackendLate(BackendError, TimeoutError):
    """No answer in time; the process may still give one, which is then thrown away."""


class BackendDied(BackendError):
    """The process died over the question; a new one is being started."""


class IsolatedBackend:
    """One model in its own process; `run` is for one thread, `tend` for any.

    Args:
        name: for the log.
        model: the model file's bytes.
        wish: what to load.
        nursery: makes the processes.
        clock: monotonic.
        hang_s: a process that owes an answer for so long is killed and started anew.

    Raises:
        BackendError: the runtime refuses the model, or its process died over it.
    """

    def __init__(self, name: str, model: bytes, wish: Wish, nursery: Nursery, clock: Clock, *, hang_s: float) -> None:
        self._clock = clock
        self._hang_ns = int(hang_s * _NS_PER_S)
        self._turn = threading.Lock()
        self._number = 0
        self._is_asked = True
        self._until_ns: int | None = None
        self._first: Layout | None = None
        self._processes = ProcessSupervisor(name, model, wish, nursery, clock)
        try:
            self._processes.start()
            layout = self._first = self._first_layout()
        except BaseException:
            self.close()
            raise
        self.runtime, self.version, self.kernels = layout.runtime, layout.version, layout.kernels

    @property
    def restarts(self) -> int:
        """How often the process was replaced."""
        return self._processes.restarts

    def answer_by(self, until_ns: int | None) -> None:
        """Until when (monotonic) the next questions need their answers; None: as long as loading may take."""
        self._until_ns = until_ns

    def run(self, fill: Callable[[npt.NDArray[Any]], None]) -> dict[str, npt.NDArray[Any]]:
        """See `Backend.run`; `fill` gets the shared memory.

        Raises:
            BackendLate: no answer by the time that `answer_by` named, or still none to an earlier question.
            BackendDied: the process died.
            BackendError: the runtime raised an error.
        """
        if not self._turn.acquire(timeout=self._left_s()):
            raise BackendLate("wanted a free backend, found it being looked after")
        try:
            self._is_asked = True
            process = self._ready()
            if process.input is None or process.outputs is None:
                raise BackendError("wanted a model, found none loaded")
            fill(process.input)
            self._number += 1
            process.asked_at_ns = self._clock.now_ns()
            self._send(process, QUESTION.pack(self._number))
            self._receive_answer(process)
            return {name: values.copy() for name, values in process.outputs.items()}
        finally:
            self._turn.release()

    def tend(self) -> None:
        """Kill a process that hangs, start one anew that died; returns at once when there is nothing to do."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            self._is_asked = False
            self._look_after()
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process and free its memory."""
        with self._turn:
            self._processes.close()

    def _first_layout(self) -> Layout:
        process = self._processes.present
        if process is None or not process.has_message(START_S):
            raise BackendLate(f"wanted a loaded model within {START_S:g} s, found none")
        self._take_layout(process)
        if process.layout is None:
            raise BackendDied(f"wanted a loaded model, found that its process {self._processes.trouble}")
        return process.layout

    def _ready(self) -> ModelProcess:
        """A process that owes nothing and has loaded."""
        process = self._processes.present
        if process is None or process.asked_at_ns is not None or process.layout is None:
            self._look_after()
            process = self._processes.present
        if process is None:
            raise BackendDied(
                f"wanted a model's process, found none: the last one {self._processes.trouble}; another will follow"
            )
        if process.asked_at_ns is not None:
            late_s = (self._clock.now_ns() - process.asked_at_ns) / _NS_PER_S
            raise BackendLate(f"wanted a free backend, found it still busy after {late_s:.1f} s with an earlier part")
        if process.layout is None and not process.has_message(self._left_s()):
            raise BackendLate(f"wanted the model, found it still loading: its last process {self._processes.trouble}")
        if process.layout is None:
            self._take_layout(process)
        return process

    def _look_after(self) -> None:
        process, now_ns = self._processes.present, self._clock.now_ns()
        if process is None:
            self._processes.try_again()
            return
        if process.has_message(0):
            if process.layout is None:
                with suppress(BackendError):
                    self._take_layout(process)
            else:
                self._take_late_answer(process)
        elif process.asked_at_ns is not None and now_ns - process.asked_at_ns > self._hang_ns:
            self._processes.bury(process, f"did not answer for {(now_ns - process.asked_at_ns) / _NS_PER_S:.1f} s and")
        elif process.layout is None and now_ns - process.born_at_ns > max(self._hang_ns, START_S * _NS_PER_S):
            self._processes.bury(process, "did not load in time and")

    def _take_layout(self, process: ModelProcess) -> None:
        """Read what a process says once it has loaded; one unlike the first, whose goldens were asked, is refused."""
        try:
            message, descriptors, _, _ = socket.recv_fds(process.worker.link, DATAGRAM_MAX, 1)
        except OSError:
            message, descriptors = b"", []
        if not message or not descriptors:
            reason = message[ANSWER.size :].decode("utf-8", "replace")
            self._processes.bury(process, f"said {reason!r} and" if reason else "", patience_s=self._fate_s())
            if reason:
                raise BackendError(reason)
            raise BackendDied(f"wanted a loaded model, found that its process {self._processes.trouble}")
        layout = Layout.from_json(message)
        memory = self._mapped(process, layout, descriptors[0])
        if self._first is not None and layout != self._first:
            reason = (
                f"wanted {_told(self._first)} as at the start, found {_told(layout)} in the process that replaces it"
            )
            self._processes.bury(process, f"was refused ({reason}) and", patience_s=self._fate_s())
            raise BackendError(f"{reason}; another is started, and a restart of the daemon asks the goldens again")
        process.layout = layout
        process.input = layout.input.view(memory)
        process.outputs = {place.name: place.view(memory) for place in layout.outputs}
        self._processes.note_loaded()

    def _mapped(self, process: ModelProcess, layout: Layout, descriptor: int) -> mmap.mmap:
        try:
            return mmap.mmap(descriptor, layout.size)
        except OSError as error:
            self._processes.bury(process, f"could not share its memory ({error}) and", patience_s=self._fate_s())
            raise BackendDied(f"wanted the memory that a model's process shares, found none: {error}") from error
        finally:
            os.close(descriptor)

    def _receive_answer(self, process: ModelProcess) -> None:
        left_s = self._left_s()
        if not process.has_message(left_s):
            raise BackendLate(
                f"wanted an answer from the backend within the {left_s * 1000:.1f} ms that were left, found none"
            )
        message = self._received(process)
        number, is_error = ANSWER.unpack_from(message)
        process.asked_at_ns = None
        if number != self._number:
            raise BackendError(f"wanted the answer to question {self._number}, found that to {number}")
        if is_error:
            raise BackendError(message[ANSWER.size :].decode("utf-8", "replace"))

    def _take_late_answer(self, process: ModelProcess) -> None:
        with suppress(BackendError):
            self._received(process)
            process.asked_at_ns = None

    def _received(self, process: ModelProcess) -> bytes:
        try:
            message = process.worker.link.recv(ANSWER_MAX)
        except OSError:
            message = b""
        if len(message) < ANSWER.size:
            self._processes.bury(process, "", patience_s=self._fate_s())
            raise BackendDied(f"wanted an answer from the backend, found that its process {self._processes.trouble}")
        return message

    def _send(self, process: ModelProcess, message: bytes) -> None:
        try:
            process.worker.link.send(message)
        except OSError as error:
            self._processes.bury(process, "", patience_s=self._fate_s())
            raise BackendDied(f"wanted to ask the backend, found that its process {self._processes.trouble}") from error

    def _fate_s(self) -> float:
        """How long a part may wait to hear how its process ended; whoever only looks after it waits for nothing."""
        return min(self._left_s(), _FATE_S) if self._is_asked else 0.0

    def _left_s(self) -> float:
        if self._until_ns is None:
            return START_S
        return max((self._until_ns - self._clock.now_ns()) / _NS_PER_S, 0.0)


def _told(layout: Layout) -> str:
    """What runs the model, in words."""
    takes = f"{layout.input.dtype}{list(layout.input.shape)}"
    return f"{layout.runtime} {layout.version} ({layout.kernels}) that takes {takes}"
