"""What the doctor examines, and the chart on which earlier checks leave figures for later ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import StationConfig
    from edge_runtime.clock import Clock
    from edge_runtime.frames import Frame, Window


@dataclass(frozen=True, slots=True)
class Patient:
    """A station.

    file: its station.toml, absolute.
    network: whether broker and manager may be spoken to.
    daemon_pid: the process that holds the state folder, None when no daemon runs on it.
    watch_s: how long each camera is watched.
    fire_outputs: whether each output may act once.
    """

    config: StationConfig
    file: Path
    clock: Clock
    network: bool = True
    daemon_pid: int | None = None
    watch_s: float = 3.0
    fire_outputs: bool = False


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What a point's source gave.

    period_ms: from one picture or window to the next; None for files, which wait for the judge.
    handing_ms: p95 of converting one and handing it over.
    last: the last one.
    """

    period_ms: float | None
    handing_ms: float
    last: Frame | Window


@dataclass(slots=True)
class Chart:
    """Figures by inspection point: its source's, and the model's 95th percentile in milliseconds."""

    sources: dict[str, SourceReading] = field(default_factory=dict)
    model_p95_ms: dict[str, float] = field(default_factory=dict)
