"""`[[points]]`: of each a reader, which keeps its source open, and the point itself, its model and its loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_runtime.assembly import Company, assemble, build_reader
from edge_runtime.capture.source import KINDS, build_source
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.cameras import CAMERAS
from edge_runtime.units.drift import DRIFT, reference_of
from edge_runtime.units.outputs import OUTPUTS
from edge_runtime.units.records import RECORDS
from edge_runtime.units.spool import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import Point, Station
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.units.running import Running
    from edge_runtime.units.surroundings import Surroundings

_SOURCES_STOP_S = 3.0
_POINTS_STOP_S = 7.0
"""A loop ends with its present part, a model with its present answer."""


def reader(point: Point, around: Surroundings) -> Unit:
    """What keeps a point's source open."""

    def start() -> Part:
        made = build_reader(point, around.clock)
        made.start()
        around.running.readers[point.name] = made

        def stop(timeout_s: float) -> bool:
            around.running.readers.pop(point.name, None)
            return made.stop(timeout_s)

        return Part(stop, made.ask_to_stop)

    def prepare() -> Prepared:
        _look_at(point, around)
        return Prepared(start)

    name = _reader(point)
    return Unit(name, "source", (point.name, point.source), prepare, _SOURCES_STOP_S, needs_restart=False)


def point(settings: Point, around: Surroundings, load: Callable[[Point], Predictor], station: Station) -> Unit:
    """What judges."""

    def prepare() -> Prepared:
        running, predictor = around.running, load(settings)

        def start() -> Part:
            reader, panel, folder = running.readers[settings.name], running.panel, Path(station.state_folder)
            company = Company(running.told(), reader, around.clock, folder, running.cameras, running.paces)
            if panel is not None:
                company = replace(company, expect=panel.expect)
            made = assemble(settings, predictor, company)
            _follow(settings.name, predictor, running)
            made.start()
            running.points[settings.name] = made

            def stop(timeout_s: float) -> bool:
                running.points.pop(settings.name, None)
                running.paces.forget(settings.name)
                if running.scores is not None:
                    running.scores.forget(settings.name)
                around.verdict_watch.forget(settings.name)
                running.loop_faults += made.pipeline.faults
                return made.stop(timeout_s, around.clock)

            return Part(stop, made.ask_to_stop, lambda now_ns: made.trouble(now_ns, station.hang_restart_s))

        return Prepared(start, predictor.close)

    made_from = (
        settings,
        _identity(Path(settings.bundle)),
        station.hang_restart_s,
        station.inference,
        station.state_folder,
    )
    needs = (_reader(settings), DELIVERY, RECORDS, OUTPUTS, CAMERAS, DRIFT)
    return Unit(f"point {settings.name}", "point", made_from, prepare, _POINTS_STOP_S, needs)


def _follow(name: str, predictor: Predictor, running: Running) -> None:
    if running.scores is not None:
        running.scores.follow(name, predictor.digest, reference_of(predictor.manifest))


def _look_at(settings: Point, around: Surroundings) -> None:
    """A folder or film that cannot be used is a mistake of today; a camera may come back."""
    if KINDS[settings.source.kind].live:
        return
    source = build_source(settings.source, around.clock, around.stop)
    try:
        source.open()
    except OSError as error:
        raise BadInputError(f"inspection point {settings.name}: {error}") from error
    finally:
        source.close()


def _reader(settings: Point) -> str:
    return f"source of {settings.name}"


def _identity(path: Path) -> Any:
    """Another file under the same name is another bundle."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
