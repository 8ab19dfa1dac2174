"""The thread that a part of the daemon has for itself: named, asked to stop, and told of where it hangs."""

from __future__ import annotations

import logging
import threading

_log = logging.getLogger(__name__)


class OwnThread:
    """A part with a thread of its own; its `_run` is what the thread does, and ends soon after `_stop` is set.

    Args:
        thread: the thread's name.
        title: what the log calls the part.
    """

    def __init__(self, thread: str, title: str) -> None:
        self._title = title
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Tell the thread to end, without waiting."""
        self._stop.set()

    def stop(self, timeout_s: float) -> bool:
        """End the thread; False, and a line in the log, where it hangs, as in a driver or on a dead disk."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("%s: its thread did not stop within %g s; left behind", self._title, timeout_s)
            return False
        return True

    def _run(self) -> None:
        raise NotImplementedError
