"""Keeps one process of a model alive: ends it where it is of no use, starts another where one died.

Both happen in a thread of their own. The nursery, which may have to be started anew itself, makes nobody wait.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_runtime.infer.backend import BackendError

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_runtime.clock import Clock
    from edge_runtime.infer.isolated.link import Layout
    from edge_runtime.infer.isolated.nursery import Nursery, Worker
    from edge_runtime.infer.isolated.worker import Wish

_NS_PER_S = 1_000_000_000
_PAUSE_MIN_S = 0.5
_PAUSE_MAX_S = 10.0
"""Between attempts with a model that dies while it loads."""
_CLOSE_S = 3.0
"""How long closing waits for a process that is just being replaced; one that comes later is ended at once."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ModelProcess:
    """One process: what is known of it so far.

    layout, input, outputs: None while it loads.
    asked_at_ns: when the question was asked that it owes an answer to, None when it owes none.
    """

    worker: Worker
    born_at_ns: int
    layout: Layout | None = None
    input: npt.NDArray[Any] | None = None
    outputs: dict[str, npt.NDArray[Any]] | None = None
    asked_at_ns: int | None = None

    def has_message(self, timeout_s: float) -> bool:
        """Whether the process said something, or ended."""
        return bool(select.select([self.worker.link], [], [], timeout_s)[0])


class ProcessSupervisor:
    """The process that a model has now; to be asked by one thread at a time.

    Args:
        name: for the log.
        model: the model file's bytes.
        wish: what to load.
        nursery: makes the processes.
        clock: monotonic.

    Attributes:
        present: the process; None while there is none, until another is born.
        trouble: what became of the last one, in words.
        restarts: how many were buried.

    Raises:
        BackendError: no memory or no descriptor is to be had for the model.
    """

    def __init__(self, name: str, model: bytes, wish: Wish, nursery: Nursery, clock: Clock) -> None:
        self.present: ModelProcess | None = None
        self.trouble = "is not there yet"
        self.restarts = 0
        self._name = name
        self._wish = wish
        self._nursery = nursery
        self._clock = clock
        self._model: int | None = _in_memory(model)
        self._birth = threading.Lock()
        self._is_closed = False
        self._replacing: threading.Thread | None = None
        self._unended: tuple[ModelProcess | None, str] = None, ""  # what the next thread has to end, and why
        self._pause_s = _PAUSE_MIN_S
        self._not_before_ns = 0

    def start(self) -> None:
        """Make the first process, which loads its model while the caller goes on.

        Raises:
            BackendError: none can be made.
        """
        self._fork()

    def note_loaded(self) -> None:
        """The present process has loaded its model: were it to die, another may follow at once."""
        self._pause_s = _PAUSE_MIN_S

    def bury(self, process: ModelProcess, why: str, *, patience_s: float = 0.0) -> None:
        """Let go of the present process and have another started; waits so long at most to hear how it ended."""
        self.present = None
        self.trouble = f"{why} died".lstrip()
        self.restarts += 1
        is_told = threading.Event()
        self._replace(process, why, is_told)
        is_told.wait(patience_s)

    def try_again(self) -> None:
        """Where there is no process: have one started, unless that is going on or was tried a moment ago."""
        is_replacing = self._replacing is not None and self._replacing.is_alive()  # first: it may end with a process
        if not is_replacing and self.present is None and self._clock.now_ns() >= self._not_before_ns:
            self._replace(*self._unended, threading.Event())

    def close(self) -> None:
        """End the process and free the model's memory; where one is just being made, its maker does so."""
        if self._replacing is not None:
            self._replacing.join(_CLOSE_S)
        self._is_closed = True
        if self._birth.acquire(blocking=False):
            try:
                self._let_go()
            finally:
                self._birth.release()

    def _replace(self, process: ModelProcess | None, why: str, is_told: threading.Event) -> None:
        thread = threading.Thread(
            target=self._have_replaced, args=(process, why, is_told), name=f"replace-{self._name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            _log.error("%s: wanted a thread to start the model's process in, found none: %s", self._name, error)
            self._unended = process, why
            self._try_later()
            is_told.set()
            return
        self._replacing, self._unended = thread, (None, "")

    def _have_replaced(self, process: ModelProcess | None, why: str, is_told: threading.Event) -> None:
        """At once if the last process had loaded, else after a growing pause."""
        if process is not None:
            self.trouble = " ".join(filter(None, [why, self._nursery.end(process.worker)]))
            _log.error("%s: the model's process %s; another is started", self._name, self.trouble)
            is_told.set()
        if process is None or process.layout is not None:
            try:
                self._fork()
            except BackendError as error:
                _log.warning("%s: %s", self._name, error)
            else:
                return
        self._try_later()

    def _fork(self) -> None:
        """Make a process, unless the supervisor was closed; one that is closed meanwhile has its end here."""
        try:
            with self._birth:
                if self._model is not None and not self._is_closed:
                    os.lseek(self._model, 0, os.SEEK_SET)
                    self.present = ModelProcess(self._nursery.fork(self._model, self._wish), self._clock.now_ns())
        finally:
            # Behind the lock: a close that found it held has been before, and one that comes now ends the process.
            if self._is_closed:
                with self._birth:
                    self._let_go()

    def _let_go(self) -> None:
        """Under the lock."""
        for process in filter(None, (self.present, self._unended[0])):
            self._nursery.end(process.worker)
        self.present, self._unended = None, (None, "")
        if self._model is not None:
            os.close(self._model)
            self._model = None

    def _try_later(self) -> None:
        self._not_before_ns = self._clock.now_ns() + int(self._pause_s * _NS_PER_S)
        self._pause_s = min(2 * self._pause_s, _PAUSE_MAX_S)


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
