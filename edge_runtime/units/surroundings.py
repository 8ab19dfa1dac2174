"""What all units of a daemon share, for its whole life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from typing import TextIO

    from edge_runtime.clock import Clock
    from edge_runtime.conditions import Conditions
    from edge_runtime.health.verdict_watch import VerdictWatch
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.remote.managed_station import ManagedStation
    from edge_runtime.tally import Tally
    from edge_runtime.units.running import Running


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The daemon's own.

    clock: monotonic.
    delivery_clock: all clocks, for what is told outside.
    started_at_ns: monotonic.
    lines: where each verdict goes as a JSON line, None for nowhere.
    tally: counts the verdicts of the run.
    stop: ends the daemon. reload: has the configuration read anew.
    conditions: what is wrong with the station now.
    verdict_watch: sees rows of unknowns.
    managed: knows the configurations of the manager; None for a station that is run by its own file alone.
    """

    running: Running
    clock: Clock
    delivery_clock: DeliveryClock
    started_at_ns: int
    lines: TextIO | None
    tally: Tally
    stop: threading.Event
    reload: threading.Event
    conditions: Conditions
    verdict_watch: VerdictWatch
    managed: ManagedStation | None = None
