"""One thread that does heavy things for the page, one after the other, with a short line in front of it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any, TypeVar

from edge_contracts.errors import LeptonError
from edge_runtime.web.low_priority import give_way

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


class TryAgain(LeptonError, RuntimeError):
    """It cannot be done just now, and may well be in a moment."""


class WorkerBusy(TryAgain):
    """The line is full."""


class Worker:
    """A named thread of low priority.

    Args:
        name: of the thread.
        waiting_max: calls that may wait.
        idle_s: after so long without a call `when_idle` is called, by this thread.
        when_idle: lets go of what the calls hold; also called at the end.
    """

    def __init__(self, name: str, waiting_max: int, idle_s: float, when_idle: Callable[[], None]) -> None:
        self._idle_s = idle_s
        self._when_idle = when_idle
        self._line: Queue[tuple[Callable[[], Any], Future[Any]] | None] = Queue(waiting_max)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the present call; False, and a line in the log, when it does not come back."""
        self._ending.set()
        with suppress(Full):
            self._line.put_nowait(None)
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("%s did not stop within %g s; left behind", self._thread.name, timeout_s)
            return False
        return True

    def submit(self, call: Callable[[], _Answer]) -> Future[_Answer]:
        """Call it soon; a future that is cancelled while it waits is passed over.

        Raises:
            WorkerBusy: too many wait, or the end has come.
        """
        if self._ending.is_set():
            raise WorkerBusy("the page is being stopped")
        future: Future[_Answer] = Future()
        try:
            self._line.put_nowait((call, future))
        except Full:
            raise WorkerBusy(f"wanted a free place, found {self._line.maxsize} requests waiting; try again") from None
        return future

    def _run(self) -> None:
        give_way()
        while not self._ending.is_set():
            try:
                work = self._line.get(timeout=self._idle_s)
            except Empty:
                self._let_go()
                continue
            if work is not None:
                _do(*work)
        self._let_go()
        with suppress(Empty):
            while True:
                if (left := self._line.get_nowait()) is not None:
                    left[1].cancel()

    def _let_go(self) -> None:
        try:
            self._when_idle()
        except Exception:  # noqa: BLE001 - the next call must be served all the same
            _log.exception("%s could not let go of what it held", self._thread.name)


def _do(call: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except Exception as error:  # noqa: BLE001 - whoever asked is told
        future.set_exception(error)
