"""Removes the parts of uploads that nobody goes on with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S: Final = 7 * 86_400.0
EVERY_S: Final = 86_400.0
_JOIN_S: Final = 10.0


class Sweeps(Protocol):
    """Where parts are; `fleet_manager.evidence.disk_store.DiskEvidence` is one."""

    def sweep(self, unix_s: float, older_than_s: float) -> int:
        """Remove parts that nothing was added to for so long; how many."""
        ...


class Sweeper:
    """One thread: at the start and once a day it removes parts that nothing was added to for seven days.

    Args:
        evidence: where they are.
        unix_s: the wall clock.
        say: one line about what was removed, or why nothing could be.
        every_s: between two looks.
    """

    def __init__(
        self, evidence: Sweeps, unix_s: Callable[[], float], say: Callable[[str], object], every_s: float = EVERY_S
    ) -> None:
        self._evidence, self._unix_s, self._say, self._every_s = evidence, unix_s, say, every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence-sweeper", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread.

        Raises:
            LeptonError: it did not end in time.
        """
        self._stopping.set()
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            raise LeptonError(f"wanted the sweeper of evidence to end in {_JOIN_S:g} s, found it at work")

    def _run(self) -> None:
        while True:
            self._sweep()
            if self._stopping.wait(self._every_s):
                return

    def _sweep(self) -> None:
        try:
            removed = self._evidence.sweep(self._unix_s(), KEPT_S)
        except OSError as err:
            self._say(f"parts of uploads could not be removed: {err}")
            return
        if removed:
            self._say(f"{removed} parts of uploads removed that nobody went on with for seven days")
