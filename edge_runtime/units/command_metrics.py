"""Commands of the manager, in figures for the page's `/metrics`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from edge_runtime.web.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_runtime.units.running import Running
    from edge_runtime.web.metrics import Reading, Sample

NAME = "lepton_commands_total"
MEANING = "Commands by what became of them: `done`, `refused`, `failed`, and without an answer `unread`, `unanswered`."


def command_metrics(running: Running) -> tuple[Metric, ...]:
    """Rows for `WebFace.start`; a station that takes no commands has no samples of them."""

    def samples(_: Reading) -> Iterable[Sample]:
        counts = asdict(running.command_counts) if running.commands else {}
        return [((outcome,), float(count)) for outcome, count in counts.items()]

    return (Metric(NAME, "counter", MEANING, ("outcome",), samples),)
