"""`[board]` and `[governor]`: the thread that looks after board, flash and cameras, and slows points down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.station import IntervalTrigger
from edge_runtime.health.delivery_rule import judge_delivery
from edge_runtime.health.health_watch import HealthWatch
from edge_runtime.health.station_health import StationHealth
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.cameras import CAMERAS

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.units.running import Running
    from edge_runtime.units.surroundings import Surroundings

HEALTH = "the health watch"

_STOP_S = 1.0


def health(config: StationConfig, around: Surroundings) -> Unit:
    """What watches the station beside the inspection; a round on a dead disk is no reason for a restart."""
    free_running = tuple(point.name for point in config.points if isinstance(point.trigger, IntervalTrigger))
    folder = config.station.state_folder

    def start() -> Part:
        running = around.running
        made = StationHealth(config, Path(folder), around, running.cameras, running.paces, free_running)
        looks = (*made.rounds(), lambda: _look_at_scores(running), lambda: _look_at_delivery(around))
        watch = HealthWatch(looks, around.clock, config.board.period_s)
        watch.start()
        running.health = made

        def stop(timeout_s: float) -> bool:
            running.health = None
            has_ended = watch.stop(timeout_s)
            made.end()
            return has_ended

        return Part(stop, watch.ask_to_stop)

    made_from = (folder, config.board, config.governor, free_running)
    return Unit(HEALTH, "health", made_from, lambda: Prepared(start), _STOP_S, needs=(CAMERAS,), needs_restart=False)


def _look_at_delivery(around: Surroundings) -> None:
    if (delivery := around.running.delivery) is not None:
        judge_delivery(delivery, around.conditions)


def _look_at_scores(running: Running) -> None:
    if running.scores is not None:
        running.scores.look()
