"""The whole station as units, in the order in which they are started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.units import (
    cameras,
    commands,
    drift,
    health,
    microcontrollers,
    outputs,
    page,
    points,
    records,
    spool,
    uplink,
    upload,
    verdict_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.supervisor import Unit
    from edge_runtime.units.surroundings import Surroundings


def plan_of(config: StationConfig, around: Surroundings, load: Callable[[Point], Predictor]) -> list[Unit]:
    """What a configuration asks for; `load` opens a point's bundle."""
    return [
        verdict_lines.verdict_lines(around),
        spool.outbox(config, around),
        spool.evidence(config, around),
        spool.delivery(config, around),
        records.records(config, around),
        *(microcontrollers.microcontroller(chip, config, around) for chip in config.microcontrollers),
        outputs.outputs(config, around),
        cameras.cameras(config, around),
        drift.drift(config, around),
        health.health(config, around),
        commands.commands(config, around),
        uplink.uplink(config, around),
        upload.upload(config, around),
        *(points.reader(point, around) for point in config.points),
        *(points.reader(view, around, is_beside=True) for point in config.points for view in points.own_sources(point)),
        *(points.point(point, around, load, config.station) for point in config.points),
        page.page(config, around, load),
    ]
