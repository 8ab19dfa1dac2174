"""Who shows what the ingest does: one JSON line per stored alert, a live table, or nothing; troubles go to stderr."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json, to_json

from edge_contracts.alert import AlertEvent
from edge_contracts.errors import LeptonError, MissingExtraError

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from fleet_manager.arrival import Arrival
    from fleet_manager.store.alert_store import Taken

Say = Callable[[str], None]
ROWS_SHOWN: Final = 15
COLUMNS: Final = ("time", "device", "point", "part", "verdict", "cause", "severity", "reason")


class QuietWatcher:
    """Counts, and says connections and troubles; shows no alert.

    Args:
        say: takes a line for stderr.
        enough: called once when `wanted` alerts are stored.
        wanted: how many alerts to wait for; None = never enough.
    """

    def __init__(self, say: Say, enough: Callable[[], None], wanted: int | None = None) -> None:
        self._say, self._enough, self._wanted = say, enough, wanted
        self._is_connected: bool | None = None
        self._store_is_well, self._is_silent = True, False
        self.alerts = self.refused = self.duplicates = 0

    def connected(self, where: str) -> None:
        """A broker let us in."""
        self._is_connected = True
        self._say(f"listening at {where}")

    def ready(self) -> None:
        """Messages arrive; the connection was told already."""
        self._is_silent = False

    def silent(self) -> None:
        """Say it once, until something comes back: the broker let us in and delivers nothing."""
        if not self._is_silent:
            self._say("connected, but what we say to ourselves does not come back: look at the broker's ACL")
        self._is_silent = True

    def disconnected(self, err: LeptonError) -> None:
        """Say it once per outage."""
        if self._is_connected is not False:
            self._say(f"{err}; trying again")
        self._is_connected = False

    def store_failed(self, err: Exception) -> None:
        """Say it once per trouble."""
        if self._store_is_well:
            self._say(f"wanted a writable store, found {err}: free some disk; nothing is acknowledged until then")
        self._store_is_well = False

    def stored(self, taken: Taken) -> None:
        """A batch is durable."""
        self._store_is_well = True
        self.duplicates += taken.duplicates
        for arrival in taken.refused:
            self.refused += 1
            self._say(f"refused and kept, from {arrival.topic!r}: {arrival.why}")
        for arrival in taken.alerts:
            if isinstance(arrival.content, AlertEvent):
                self.show(arrival, arrival.content)
        before, self.alerts = self.alerts, self.alerts + len(taken.alerts)
        if self._wanted is not None and before < self._wanted <= self.alerts:
            self._enough()

    def show(self, arrival: Arrival, event: AlertEvent) -> None:
        """Show one stored alert; this watcher does not."""

    def close(self) -> None:
        """Nothing more comes."""


class JsonWatcher(QuietWatcher):
    """One line of JSON per alert that is stored: the event as the device sent it.

    The reader of events lets NaN and infinities pass in fields that it does not know; JSON has none, so they are null.
    """

    def __init__(self, say: Say, enough: Callable[[], None], wanted: int | None, write: Say) -> None:
        super().__init__(say, enough, wanted)
        self._write = write

    def show(self, arrival: Arrival, event: AlertEvent) -> None:
        """Write the line."""
        del event
        self._write(to_json(from_json(arrival.body), inf_nan_mode="null").decode())


class TableWatcher(QuietWatcher):
    """A table of the latest alerts that redraws itself; needs the extra `fleet`.

    Raises:
        MissingExtraError: rich is not installed.
    """

    def __init__(self, say: Say, enough: Callable[[], None], wanted: int | None = None) -> None:
        super().__init__(say, enough, wanted)
        self._latest: deque[tuple[str, ...]] = deque(maxlen=ROWS_SHOWN)
        self._live = _live()
        self._live.start()

    def show(self, arrival: Arrival, event: AlertEvent) -> None:
        """Put the alert on top."""
        data = event.data
        parts = f"{data.part} (×{data.count})" if data.count > 1 else data.part
        verdict = (data.outcome.value, data.cause.value, data.severity.value, data.reason)
        row = (event.time.strftime("%H:%M:%S"), arrival.address, data.point, parts, *verdict)
        self._latest.appendleft(row)

    def stored(self, taken: Taken) -> None:
        """A batch is durable."""
        super().stored(taken)
        if taken.alerts:
            self._live.update(self._table())

    def close(self) -> None:
        """Leave the last table standing."""
        self._live.stop()

    def _table(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 - only a person at a terminal pays for it
        from rich.text import Text  # noqa: PLC0415

        table = Table(*COLUMNS, title=f"{self.alerts} alerts stored")
        for row in self._latest:
            table.add_row(*(Text(cell) for cell in row))
        return table


def _live() -> Live:
    try:
        from rich.live import Live  # noqa: PLC0415
    except ImportError as err:
        raise MissingExtraError(
            "wanted rich for the table, found it missing: pip install 'lepton-edge[fleet]', or use --json"
        ) from err
    return Live(refresh_per_second=4)
