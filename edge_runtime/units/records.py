"""`[records]`: each verdict, good ones too, as a line on the disk."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_runtime.records.verdict_records import Unwritten, VerdictRecords
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.spool import OUTBOX

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

RECORDS = "the verdict records"

_STOP_S = 3.0
_NS_PER_MS = 1_000_000


def records(config: StationConfig, around: Surroundings) -> Unit:
    """The daily record."""
    settings, folder = config.records, config.station.state_folder

    def start() -> Part:
        running, tell = around.running, partial(around.conditions.set, AlarmType.RECORDS, "verdicts")
        if not settings.enabled:
            tell(None)
            running.unwritten = running.unwritten.given_up()
            return Part(lambda _: True)
        made = VerdictRecords(
            Path(folder) / "verdicts",
            settings,
            around.clock,
            lambda: around.delivery_clock.now().trust,
            wall_ns=lambda: around.delivery_clock.now().unix_ms * _NS_PER_MS,
            on_trouble=tell,
            counts=running.record_counts,
            earlier=running.unwritten,
        )
        running.unwritten = Unwritten()
        made.start()
        running.records = made
        running.sinks.append(made)

        def stop(timeout_s: float) -> bool:
            running.sinks.remove(made)
            running.records = None
            made.stop(timeout_s)
            running.unwritten = made.unwritten()
            return not made.running

        return Part(stop)

    made_from = (folder, settings)
    return Unit(RECORDS, "records", made_from, lambda: Prepared(start), _STOP_S, needs=(OUTBOX,), needs_restart=False)
