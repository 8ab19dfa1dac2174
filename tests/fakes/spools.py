"""Small spools for tests: how they are opened, written and asked for their ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.gap import GapEvent
from edge_runtime.outbox.spool_batch import Batch, Placed
from edge_runtime.outbox.spool_file import SpoolFile
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.fakes.letters import ADDRESS, HandClock, counting_noise

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.outbox.envelope import Letter

NOW = HandClock().now()
SMALL = SpoolLimits(max_bytes=410_000, reserve_bytes=40_000)
"""Room for about 70 kB of rows."""
LONG = "x" * 500


def spool(path: Path, limits: SpoolLimits = SMALL, start: int = 1) -> SpoolFile:
    return SpoolFile(path, ADDRESS.source, limits, NOW, counting_noise(start))


def write(file: SpoolFile, *letters: Letter, **more: object) -> list[Placed]:
    placed = file.write(Batch(NOW, letters, **more))  # type: ignore[arg-type]
    assert all(isinstance(place, Placed) for place in placed)
    return [place for place in placed if isinstance(place, Placed)]


def gaps(file: SpoolFile) -> list[GapEvent]:
    return [GapEvent.model_validate_json(row.body) for row in file.read_gaps(1, 10_000)]


def covered(events: list[GapEvent]) -> list[int]:
    return [seq for event in events for r in event.data.ranges for seq in range(r.first, r.last + 1)]
