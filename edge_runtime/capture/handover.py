"""Where the reader's thread hands a picture to the pipeline's: one place, on demand.

A live source converts a picture only when somebody wants one, and until it is taken each newer one replaces it. A
folder or film waits until its picture is wanted, so none is ever skipped.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_runtime.capture.source import Picture


class Handover:
    """One place for one picture.

    Args:
        live: newer pictures replace older ones.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._turn = threading.Condition()
        self._picture: Picture | None = None
        self._wanted = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """The source gave its last picture, and it was taken."""
        with self._turn:
            return self._ended and self._picture is None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a picture."""
        with self._turn:
            return self._wanted

    def want(self) -> None:
        """Ask for a picture; of a live source, one that is captured from now on."""
        with self._turn:
            if self._live:
                self._picture = None
            self._ask()

    def wait_until_wanted(self, timeout_s: float) -> bool:
        """Wait until a picture is wanted, at most `timeout_s`."""
        with self._turn:
            return self._turn.wait_for(lambda: self._wanted, timeout_s)

    def put(self, picture: Picture) -> None:
        """Hand over; a live source's picture that lay there and was not taken is replaced."""
        with self._turn:
            self._picture = picture
            self._wanted = self._live
            self._turn.notify_all()

    def end(self) -> None:
        """Say that nothing will follow."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def take(self, timeout_s: float) -> Picture | None:
        """Take the picture, or None after `timeout_s` or at the end; the wish stays open until it is fulfilled."""
        with self._turn:
            self._ask()
            self._turn.wait_for(lambda: self._picture is not None or self._ended, timeout_s)
            taken, self._picture = self._picture, None
            if taken is not None:
                self._wanted = False
            return taken

    def _ask(self) -> None:
        if self._picture is None and not self._wanted:
            self._wanted = True
            self._turn.notify_all()
