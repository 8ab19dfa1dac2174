"""The desk's own work: calls, cases and counts follow what is stored in one thread, another sends calls out.

Each part makes its own steps: whatever one station sends to one of them, the others go on, the calls first.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import LeptonError
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.desk_health import DeskRecord
from fleet_manager.desk.escalation import escalate
from fleet_manager.desk.following import follow
from fleet_manager.desk.minute_counts import STEP, count_minutes
from fleet_manager.desk.old_calls import forget_calls
from fleet_manager.desk.settled import Unsettled
from fleet_manager.desk.station_counts import StationCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    from fleet_manager.desk.couriers import Couriers
    from fleet_manager.desk.desk_health import DeskHealth
    from fleet_manager.desk.following import Reader

GAP_MS: Final = 15 * 60_000
"""Alerts of one kind that are further apart are two cases."""
_IDLE_S: Final = 1.0
_JOIN_S: Final = 60.0
"""Longer than any step."""
_CALLS_S: Final = 5.0
"""How long a manager that ends waits for calls that are out."""


class Desk:
    """Two threads that begin with `start` and end with `stop`.

    Args:
        engine: the database; several managers may run on one.
        couriers: take the calls out.
        unix_ms: the wall clock.
        say: one line about what went wrong.
        gap_ms: alerts of one kind that are further apart are two cases.
        url_of: the page of an alert, by its number; None where the manager has no address.
    """

    def __init__(
        self,
        engine: Engine,
        couriers: Couriers,
        unix_ms: Callable[[], int],
        say: Callable[[str], object],
        gap_ms: int = GAP_MS,
        url_of: Callable[[int], str] | None = None,
    ) -> None:
        self._engine, self._couriers = engine, couriers
        self._unix_ms, self._url_of = unix_ms, url_of
        self._record = DeskRecord(say)
        self._counts = StationCounts(engine, partial(self._record.left_out, "states"))
        self._readers: Sequence[Reader] = (CaseReader(gap_ms), AlertCounter())
        self._stop = threading.Event()
        works = {"desk-follow": self.follow_once, "desk-couriers": partial(self._try, "couriers", couriers.send_one)}
        self._threads = [
            threading.Thread(target=self._work, args=[step], name=name, daemon=True) for name, step in works.items()
        ]

    @property
    def health(self) -> DeskHealth:
        """How each part does."""
        return self._record.health

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads, and wait a little for calls that are out.

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
        self._couriers.wait(_CALLS_S)

    def follow_once(self) -> bool:
        """One step of each part; whether there may be more to read. What fails is noted and tried again."""
        steps: dict[str, Callable[[], bool]] = {
            "rules": self._escalate,
            **{one.name: partial(self._follow, one) for one in self._readers},
            "minutes": self._count_minutes,
            "states": self._count_states,
            "old calls": self._forget_calls,
        }
        is_more = [self._try(name, step) for name, step in steps.items()]
        return any(is_more)

    def _escalate(self) -> bool:
        escalate(self._engine, self._unix_ms(), self._stop.wait, self._url_of)
        return False

    def _follow(self, reader: Reader) -> bool:
        return follow(self._engine, reader, self._stop.wait, partial(self._record.left_out, reader.name)) > 0

    def _count_minutes(self) -> bool:
        return count_minutes(self._engine, partial(self._record.left_out, "minutes")) == STEP

    def _count_states(self) -> bool:
        self._counts.step()
        return False

    def _forget_calls(self) -> bool:
        return forget_calls(self._engine, self._unix_ms()) > 0

    def _try(self, name: str, step: Callable[[], bool]) -> bool:
        try:
            is_more = step()
        except Unsettled as err:
            self._record.waits(name, err)
            return False
        except Exception as err:  # noqa: BLE001 - the loop of a part: it is said, and the other parts go on
            self._record.failed(name, err)
            return False
        self._record.works(name)
        return is_more

    def _work(self, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            self._stop.wait(0.0 if step() else _IDLE_S)
