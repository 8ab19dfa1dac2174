"""`[web]`: the page, which looks at the points while they run; nothing of it is loaded where there is no such table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.health.delivery_rule import alert_trouble
from edge_runtime.infer.isolated.process_backend import IsolatedBackend
from edge_runtime.model_loading import ModelLoader
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.secret_files import secret_files
from edge_runtime.units.spool import OUTBOX
from edge_runtime.units.uplink import state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.device import State
    from edge_contracts.station import Point, Station, StationConfig
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.inspection_point import InspectionPoint
    from edge_runtime.recording.picture_recorder import PictureRecorder
    from edge_runtime.units.surroundings import Surroundings
    from edge_runtime.web.insight import Counters, Insight, PointFace

PAGE = "the page"

_STOP_S = 4.0
_NICENESS = 10
"""Of the process of the page's own model."""


def page(config: StationConfig, around: Surroundings, load: Callable[[Point], Predictor]) -> Unit:
    """The local face; `load` opens a point's bundle once more, for what people upload."""
    settings, station = config.web, config.station

    def prepare() -> Prepared:
        if settings is None:
            return Prepared(lambda: Part(lambda _: True))
        from edge_runtime.recording.picture_recorder import PictureRecorder  # noqa: PLC0415 - the page's alone
        from edge_runtime.units.command_metrics import command_metrics  # noqa: PLC0415 - the same
        from edge_runtime.units.line_metrics import line_metrics  # noqa: PLC0415 - the same
        from edge_runtime.units.upload_metrics import upload_metrics  # noqa: PLC0415 - the same
        from edge_runtime.web.face import WebFace  # noqa: PLC0415 - a station without a page loads nothing of it

        face = WebFace(settings, Path(station.state_folder), around.clock)

        def start() -> Part:
            recorder = PictureRecorder()
            recorder.start()
            running = around.running
            more = (*line_metrics(running), *upload_metrics(running), *command_metrics(running))
            face.start(_insight(config, around, _giving_way(load), recorder), more)
            around.running.relay.guests = (*face.sinks, recorder)

            def stop(timeout_s: float) -> bool:
                around.running.relay.guests = ()
                has_ended = recorder.stop(timeout_s / 2)
                return face.stop(timeout_s / 2) and has_ended

            return Part(stop)

        return Prepared(start)

    made_from = (settings, secret_files(settings), station, config.board)
    return Unit(PAGE, "page", made_from, prepare, _STOP_S, needs=(OUTBOX,), needs_restart=False)


def _giving_way(load: Callable[[Point], Predictor]) -> Callable[[Point], Predictor]:
    return load.giving_way(_NICENESS) if isinstance(load, ModelLoader) else load


def _insight(
    config: StationConfig, around: Surroundings, load: Callable[[Point], Predictor], recorder: PictureRecorder
) -> Insight:
    from edge_runtime.web.insight import Insight  # noqa: PLC0415 - a station without a page loads nothing of it
    from edge_runtime.web.station_recorder import StationRecorder  # noqa: PLC0415 - the same

    station, points = config.station, around.running.points
    folder = Path(station.state_folder) / "recorded"
    return Insight(
        device=station.device,
        points=lambda: [_face(point, load) for point in tuple(points.values())],
        troubles=lambda: _troubles(station, around),
        state=lambda: _state(station, around),
        counters=lambda: _counters(around),
        recorder=StationRecorder(
            recorder,
            folder,
            lambda name: point.settings if (point := points.get(name)) else None,
            config.board.disk_free_bytes,
        ),
        alarms=lambda: [alarm for alarm in around.conditions.alarms() if alarm.active],
    )


def _face(point: InspectionPoint, load: Callable[[Point], Predictor]) -> PointFace:
    from edge_runtime.web.insight import PointFace  # noqa: PLC0415 - a station without a page loads nothing of it

    first, backends = point.predictors[0], [predictor.backend for predictor in point.predictors]
    return PointFace(
        settings=point.settings,
        manifest=first.manifest,
        digest=first.digest,
        sensitivity=point.sensitivity,
        lessons=point.lessons,
        source=point.reader.counts,
        faults=point.pipeline.faults,
        restarts=sum(backend.restarts for backend in backends if isinstance(backend, IsolatedBackend)),
        open_predictor=lambda: load(point.settings.views[0]),
        skipped=point.motion.skipped if point.motion is not None else 0,
    )


def _troubles(station: Station, around: Surroundings) -> list[str]:
    """Why a pipeline makes no progress, or what it needs is dead."""
    running, now_ns = around.running, around.clock.now_ns()
    threads = {"delivery": running.delivery, "spool": running.outbox, "uplink": running.uplink}
    dead = [f"the thread of the {name} is dead" for name, part in threads.items() if part and not part.running]
    points = tuple(running.points.values())
    if not points:
        return [*dead, "no inspection point runs"]
    fatal = filter(None, (point.trouble(now_ns, station.hang_restart_s) for point in points))
    stuck = [f"{point.inventory.name}: the loop makes no progress" for point in points if point.is_stuck(now_ns)]
    late = alert_trouble(running.delivery) if running.delivery is not None else None
    return [*dead, *fatal, *stuck, *filter(None, (late,))]


def _state(station: Station, around: Surroundings) -> State | None:
    outbox = around.running.outbox
    return None if outbox is None else state_of(outbox, Path(station.state_folder), around)


def _counters(around: Surroundings) -> Counters:
    from edge_runtime.web.insight import Counters  # noqa: PLC0415 - a station without a page loads nothing of it

    running = around.running
    return Counters(
        running.delivery_counts,
        running.outbox.counters if running.outbox else None,
        running.uplink.counters if running.uplink else None,
        running.evidence_counts if running.evidence else None,
        *((delivery.alert_waits_s, delivery.picture_waits_s) if (delivery := running.delivery) else ()),
    )
