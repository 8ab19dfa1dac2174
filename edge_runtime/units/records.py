"""`[records]`: each verdict, good ones too, as a line on the disk."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_runtime.records.verdict_records import VerdictRecords
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.spool import OUTBOX

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

RECORDS = "the verdict records"

_STOP_S = 3.0


def records(config: StationConfig, around: Surroundings) -> Unit:
    """The daily record."""
    settings, folder = config.records, config.station.state_folder

    def start() -> Part:
        running = around.running
        if not settings.enabled:
            return Part(lambda _: True)
        made = VerdictRecords(
            Path(folder) / "verdicts",
            settings,
            around.clock,
            lambda: around.delivery_clock.now().trust,
            on_trouble=partial(around.conditions.set, AlarmType.RECORDS, "verdicts"),
        )
        made.start()
        running.records = made
        running.sinks.append(made)

        def stop(timeout_s: float) -> bool:
            running.sinks.remove(made)
            return made.stop(timeout_s)

        return Part(stop)

    made_from = (folder, settings)
    return Unit(RECORDS, "records", made_from, lambda: Prepared(start), _STOP_S, needs=(OUTBOX,), needs_restart=False)
