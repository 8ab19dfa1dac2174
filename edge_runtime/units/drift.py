"""`[drift]`: the scores of all points against their references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.manifest import AnomalyRule
from edge_runtime.health.score_watch import ScoreWatch
from edge_runtime.learned import Learned
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.cameras import CAMERAS

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest, ScoreReference
    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

DRIFT = "the drift watch"


def drift(config: StationConfig, around: Surroundings) -> Unit:
    """The watch over scores."""
    settings, folder = config.drift, config.station.state_folder

    def start() -> Part:
        running = around.running
        if not settings.enabled:
            return Part(lambda _: True)
        made = ScoreWatch(settings, around.conditions, Learned(Path(folder) / "learned"), running.cameras.light_of)
        running.scores = made
        running.sinks.append(made)

        def stop(_timeout_s: float) -> bool:
            running.sinks.remove(made)
            running.scores = None
            return True

        return Part(stop)

    return Unit(DRIFT, "drift", (folder, settings), lambda: Prepared(start), 0.0, needs=(CAMERAS,))


def reference_of(manifest: Manifest) -> ScoreReference | None:
    """What the bundle tells of good parts' scores."""
    return manifest.rule.reference if isinstance(manifest.rule, AnomalyRule) else None
