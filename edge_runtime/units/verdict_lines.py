"""Who is told each verdict on the spot, whatever the file says: tally, watch, log, a reader of JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.outputs.json_lines import JsonLines
from edge_runtime.outputs.log import VerdictLog
from edge_runtime.supervisor import Part, Prepared, Unit

if TYPE_CHECKING:
    from edge_runtime.units.surroundings import Surroundings

VERDICT_LINES = "the JSON lines"

_STOP_S = 3.0


def verdict_lines(around: Surroundings) -> Unit:
    """The sinks that every run has."""

    def start() -> Part:
        running = around.running
        running.sinks += [around.tally, around.verdict_watch, VerdictLog(), running.relay]
        if around.lines is None:
            return Part(lambda _: True)
        lines = JsonLines(around.lines)
        lines.start()
        running.lines = lines
        running.sinks.append(lines)
        return Part(lines.stop)

    return Unit(VERDICT_LINES, "lines", (), lambda: Prepared(start), _STOP_S, needs_restart=False)
