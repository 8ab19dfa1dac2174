"""A backend whose model runs in a process of its own: it may hang or die, and the caller is told in time.

The caller says until when it needs an answer (`answer_by`). What does not come is late; while it is late every further
question is refused at once. A process that has been late for too long is killed, and one that died is replaced, by a
thread of its own while the caller goes on: neither the nursery nor the loading of a model ever holds up a part.
"""

from __future__ import annotations

import logging
import mmap
import os
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.isolated.link import ANSWER, ANSWER_MAX, DATAGRAM_MAX, QUESTION, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edge_runtime.clock import Clock
    from edge_runtime.infer.isolated.nursery import Nursery, Worker
    from edge_runtime.infer.isolated.worker import Wish

START_S = 60.0
"""How long a model may take to load for the first time."""

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_FATE_S = 2.0
"""How long to wait to hear how a process ended; the nursery is asked no longer than that."""
_PAUSE_MIN_S = 0.5
_PAUSE_MAX_S = 10.0
"""Between attempts with a model that dies while it loads."""
_CLOSE_S = 3.0
"""How long closing waits for a process that is just being replaced; one that comes later is ended at once."""

_log = logging.getLogger(__name__)


class BackendLate(BackendError, TimeoutError):
    """No answer in time; the process may still give one, which is then thrown away."""


class BackendDied(BackendError):
    """The process died over the question; a new one is being started."""


@dataclass(slots=True)
class _Life:
    """One process: what is known of it so far.

    layout, memory: None while it loads.
    asked_at_ns: when the question was asked that it owes an answer to, None when it owes none.
    """

    worker: Worker
    born_at_ns: int
    layout: Layout | None = None
    input: npt.NDArray[Any] | None = None
    outputs: dict[str, npt.NDArray[Any]] | None = None
    asked_at_ns: int | None = None


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
        self.restarts = 0
        self._name = name
        self._wish = wish
        self._nursery = nursery
        self._clock = clock
        self._hang_ns = int(hang_s * _NS_PER_S)
        self._turn = threading.Lock()
        self._birth = threading.Lock()
        self._number = 0
        self._is_asked = True
        self._until_ns: int | None = None
        self._pause_s = _PAUSE_MIN_S
        self._not_before_ns = 0
        self._trouble = "is not there yet"
        self._life: _Life | None = None
        self._replacing: threading.Thread | None = None
        self._unended: tuple[_Life | None, str] = None, ""
        self._first: Layout | None = None
        self._model = -1
        try:
            self._model = _in_memory(model)
            self._life = self._born()
            layout = self._first = self._first_layout()
        except BaseException:
            self.close()
            raise
        self.runtime, self.version, self.kernels = layout.runtime, layout.version, layout.kernels

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
            life = self._ready()
            if life.input is None or life.outputs is None:
                raise BackendError("wanted a model, found none loaded")
            fill(life.input)
            self._number += 1
            life.asked_at_ns = self._clock.now_ns()
            self._send(life, QUESTION.pack(self._number))
            self._receive_answer(life)
            return {name: values.copy() for name, values in life.outputs.items()}
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
        if self._replacing is not None:
            self._replacing.join(_CLOSE_S)
        with self._turn, self._birth:
            for life in filter(None, (self._life, self._unended[0])):
                self._nursery.end(life.worker)
            self._life, self._unended = None, (None, "")
            if self._model >= 0:
                os.close(self._model)
                self._model = -1

    def _born(self) -> _Life:
        os.lseek(self._model, 0, os.SEEK_SET)
        return _Life(self._nursery.fork(self._model, self._wish), self._clock.now_ns())

    def _first_layout(self) -> Layout:
        life = self._life
        if life is None or not self._has_message(life, START_S):
            raise BackendLate(f"wanted a loaded model within {START_S:g} s, found none")
        self._take_layout(life)
        if life.layout is None:
            raise BackendDied(f"wanted a loaded model, found that its process {self._trouble}")
        return life.layout

    def _ready(self) -> _Life:
        """A process that owes nothing and has loaded."""
        life = self._life
        if life is None or life.asked_at_ns is not None or life.layout is None:
            self._look_after()
            life = self._life
        if life is None:
            raise BackendDied(
                f"wanted a model's process, found none: the last one {self._trouble}; another will follow"
            )
        if life.asked_at_ns is not None:
            late_s = (self._clock.now_ns() - life.asked_at_ns) / _NS_PER_S
            raise BackendLate(f"wanted a free backend, found it still busy after {late_s:.1f} s with an earlier part")
        if life.layout is None and not self._has_message(life, self._left_s()):
            raise BackendLate(f"wanted the model, found it still loading: its last process {self._trouble}")
        if life.layout is None:
            self._take_layout(life)
        return life

    def _look_after(self) -> None:
        life, now_ns = self._life, self._clock.now_ns()
        if life is None:
            if now_ns >= self._not_before_ns and not self._is_replacing():
                self._replace(*self._unended, threading.Event())
            return
        if self._has_message(life, 0):
            if life.layout is None:
                with suppress(BackendError):
                    self._take_layout(life)
            else:
                self._take_late_answer(life)
        elif life.asked_at_ns is not None and now_ns - life.asked_at_ns > self._hang_ns:
            self._bury(life, f"did not answer for {(now_ns - life.asked_at_ns) / _NS_PER_S:.1f} s and")
        elif life.layout is None and now_ns - life.born_at_ns > max(self._hang_ns, START_S * _NS_PER_S):
            self._bury(life, "did not load in time and")

    def _take_layout(self, life: _Life) -> None:
        """Read what a process says once it has loaded; one unlike the first, whose goldens were asked, is refused."""
        try:
            message, descriptors, _, _ = socket.recv_fds(life.worker.link, DATAGRAM_MAX, 1)
        except OSError:
            message, descriptors = b"", []
        if not message or not descriptors:
            reason = message[ANSWER.size :].decode("utf-8", "replace")
            self._bury(life, f"said {reason!r} and" if reason else "", patience_s=self._fate_s())
            if reason:
                raise BackendError(reason)
            raise BackendDied(f"wanted a loaded model, found that its process {self._trouble}")
        layout = Layout.from_json(message)
        memory = self._mapped(life, layout, descriptors[0])
        if self._first is not None and layout != self._first:
            reason = (
                f"wanted {_told(self._first)} as at the start, found {_told(layout)} in the process that replaces it"
            )
            self._bury(life, f"was refused ({reason}) and", patience_s=self._fate_s())
            raise BackendError(f"{reason}; another is started, and a restart of the daemon asks the goldens again")
        life.layout = layout
        life.input = layout.input.view(memory)
        life.outputs = {place.name: place.view(memory) for place in layout.outputs}
        self._pause_s = _PAUSE_MIN_S

    def _mapped(self, life: _Life, layout: Layout, descriptor: int) -> mmap.mmap:
        try:
            return mmap.mmap(descriptor, layout.size)
        except OSError as error:
            self._bury(life, f"could not share its memory ({error}) and", patience_s=self._fate_s())
            raise BackendDied(f"wanted the memory that a model's process shares, found none: {error}") from error
        finally:
            os.close(descriptor)

    def _receive_answer(self, life: _Life) -> None:
        left_s = self._left_s()
        if not self._has_message(life, left_s):
            raise BackendLate(
                f"wanted an answer from the backend within the {left_s * 1000:.1f} ms that were left, found none"
            )
        message = self._received(life)
        number, is_error = ANSWER.unpack_from(message)
        life.asked_at_ns = None
        if number != self._number:
            raise BackendError(f"wanted the answer to question {self._number}, found that to {number}")
        if is_error:
            raise BackendError(message[ANSWER.size :].decode("utf-8", "replace"))

    def _take_late_answer(self, life: _Life) -> None:
        with suppress(BackendError):
            self._received(life)
            life.asked_at_ns = None

    def _received(self, life: _Life) -> bytes:
        try:
            message = life.worker.link.recv(ANSWER_MAX)
        except OSError:
            message = b""
        if len(message) < ANSWER.size:
            self._bury(life, "", patience_s=self._fate_s())
            raise BackendDied(f"wanted an answer from the backend, found that its process {self._trouble}")
        return message

    def _send(self, life: _Life, message: bytes) -> None:
        try:
            life.worker.link.send(message)
        except OSError as error:
            self._bury(life, "", patience_s=self._fate_s())
            raise BackendDied(f"wanted to ask the backend, found that its process {self._trouble}") from error

    def _bury(self, life: _Life, why: str, *, patience_s: float = 0.0) -> None:
        """Let go of a process and have another started; waits so long at most to hear how it ended."""
        self._life = None
        self._trouble = f"{why} died".lstrip()
        self.restarts += 1
        is_told = threading.Event()
        self._replace(life, why, is_told)
        is_told.wait(patience_s)

    def _is_replacing(self) -> bool:
        return self._replacing is not None and self._replacing.is_alive()

    def _replace(self, life: _Life | None, why: str, is_told: threading.Event) -> None:
        """Ask the nursery, which may have to be started anew itself, without making anybody wait."""
        thread = threading.Thread(
            target=self._have_replaced, args=(life, why, is_told), name=f"replace-{self._name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            _log.error("%s: wanted a thread to start the model's process in, found none: %s", self._name, error)
            self._unended = life, why
            self._try_later()
            is_told.set()
            return
        self._replacing, self._unended = thread, (None, "")

    def _have_replaced(self, life: _Life | None, why: str, is_told: threading.Event) -> None:
        """At once if the last process had loaded, else after a growing pause."""
        if life is not None:
            self._trouble = " ".join(filter(None, [why, self._nursery.end(life.worker)]))
            _log.error("%s: the model's process %s; another is started", self._name, self._trouble)
            is_told.set()
        if (life is None or life.layout is not None) and self._is_born():
            return
        self._try_later()

    def _try_later(self) -> None:
        self._not_before_ns = self._clock.now_ns() + int(self._pause_s * _NS_PER_S)
        self._pause_s = min(2 * self._pause_s, _PAUSE_MAX_S)

    def _is_born(self) -> bool:
        with self._birth:
            if self._model < 0:
                return True
            try:
                self._life = self._born()
            except BackendError as error:
                _log.warning("%s: %s", self._name, error)
                return False
            return True

    def _fate_s(self) -> float:
        """How long a part may wait to hear how its process ended; whoever only looks after it waits for nothing."""
        return min(self._left_s(), _FATE_S) if self._is_asked else 0.0

    def _left_s(self) -> float:
        if self._until_ns is None:
            return START_S
        return max((self._until_ns - self._clock.now_ns()) / _NS_PER_S, 0.0)

    @staticmethod
    def _has_message(life: _Life, timeout_s: float) -> bool:
        """Whether the process said something, or ended."""
        return bool(select.select([life.worker.link], [], [], timeout_s)[0])


def _told(layout: Layout) -> str:
    """What runs the model, in words."""
    takes = f"{layout.input.dtype}{list(layout.input.shape)}"
    return f"{layout.runtime} {layout.version} ({layout.kernels}) that takes {takes}"


def _in_memory(model: bytes) -> int:
    """A descriptor of the model's bytes.

    Raises:
        BackendError: no memory or no descriptor is to be had.
    """
    try:
        descriptor = os.memfd_create("lepton-model", os.MFD_CLOEXEC)
    except OSError as error:
        raise BackendError(f"wanted memory for the model, found none to be had: {error}") from error
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(model)
    return descriptor
