"""The desk's own work: cases, counts and rules follow what is stored in one thread, calls go out in another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import LeptonError
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.escalation import escalate
from fleet_manager.desk.following import follow
from fleet_manager.desk.minute_counts import STEP, count_minutes
from fleet_manager.desk.station_counts import StationCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    from fleet_manager.desk.courier import Courier
    from fleet_manager.desk.following import Reader

GAP_MS: Final = 15 * 60_000
"""Alerts of one kind that are further apart are two cases."""
_IDLE_S: Final = 1.0
_TROUBLE_S: Final = 10.0
_JOIN_S: Final = 60.0
"""Longer than any attempt of a call."""


class Desk:
    """Two threads that begin with `start` and end with `stop`.

    Args:
        engine: the database; several managers may run on one.
        courier: takes the calls out.
        unix_ms: the wall clock.
        say: one line about what went wrong.
        gap_ms: alerts of one kind that are further apart are two cases.
        url_of: the page of an alert, by its number; None where the manager has no address.
    """

    def __init__(
        self,
        engine: Engine,
        courier: Courier,
        unix_ms: Callable[[], int],
        say: Callable[[str], object],
        gap_ms: int = GAP_MS,
        url_of: Callable[[int], str] | None = None,
    ) -> None:
        self._engine, self._courier = engine, courier
        self._unix_ms, self._say, self._url_of = unix_ms, say, url_of
        self._counts = StationCounts(engine)
        self._readers: Sequence[Reader] = (CaseReader(gap_ms), AlertCounter())
        self._stop = threading.Event()
        works = {"desk-follow": self.follow_once, "desk-courier": courier.deliver_one}
        self._threads = [threading.Thread(target=self._work, args=one, name=one[0]) for one in works.items()]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads.

        Raises:
            LeptonError: one did not end in time.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        if stuck := [thread.name for thread in self._threads if thread.is_alive()]:
            raise LeptonError(
                f"wanted the threads of the desk to end in {_JOIN_S:g} s, found {', '.join(stuck)} at work"
            )

    def follow_once(self) -> bool:
        """One step of each reader, a look at minutes, states and rules; whether there may be more to read.

        Raises:
            StoreUnavailable: the database takes nothing just now.
        """
        taken = [follow(self._engine, reader, self._stop.wait) for reader in self._readers]
        minutes = count_minutes(self._engine)
        self._counts.step()
        escalate(self._engine, self._unix_ms(), self._stop.wait, self._url_of)
        return any(taken) or minutes == STEP

    def _work(self, name: str, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            try:
                pause_s = 0.0 if step() else _IDLE_S
            except Exception as err:  # noqa: BLE001 - the loop of a thread: it says so and goes on
                self._say(f"{name}: {type(err).__name__}: {err}")
                pause_s = _TROUBLE_S
            self._stop.wait(pause_s)
