"""`[[points]]`: of each a reader, which keeps its source open, and the point itself, its model and its loop."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_runtime.assembly import Company, assemble, build_reader
from edge_runtime.capture.source import KINDS, build_source
from edge_runtime.inspection.doubts import doubts
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.cameras import CAMERAS
from edge_runtime.units.drift import DRIFT, reference_of
from edge_runtime.units.masks import check_mask
from edge_runtime.units.microcontrollers import chip_needs
from edge_runtime.units.outputs import OUTPUTS
from edge_runtime.units.records import RECORDS
from edge_runtime.units.secret_files import secret_files
from edge_runtime.units.spool import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Point, Station
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.units.running import Running
    from edge_runtime.units.surroundings import Surroundings

_log = logging.getLogger(__name__)
_SOURCES_STOP_S = 3.0
_POINTS_STOP_S = 7.0
"""A loop ends with its present part, a model with its present answer."""


def reader(point: Point, around: Surroundings, *, is_beside: bool = False) -> Unit:
    """What keeps a point's source open, or that of a model beside it."""

    def start() -> Part:
        made = build_reader(point, around.clock, is_beside=is_beside)
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
        running, predictors = around.running, _loaded(settings, load, around)

        def start() -> Part:
            company = _company(settings, around, Path(station.state_folder))
            if running.delivery is not None:
                running.delivery.hold_back(settings.name, settings.alerting)
            made = assemble(settings, predictors, company)
            _follow(settings.name, predictors, running)
            around.verdict_watch.follow(settings.name)
            made.start()
            running.points[settings.name] = made

            def ask_to_stop() -> None:
                around.verdict_watch.forget(settings.name)
                made.ask_to_stop()

            def stop(timeout_s: float) -> bool:
                running.points.pop(settings.name, None)
                running.paces.forget(settings.name)
                running.cameras.forget(settings.name)
                if running.scores is not None:
                    running.scores.forget(settings.name)
                running.loop_faults += made.pipeline.faults
                return made.stop(timeout_s, around.clock)

            return Part(stop, ask_to_stop, lambda now_ns: made.trouble(now_ns, station.hang_restart_s))

        return Prepared(start, lambda: _close(predictors))

    made_from = (settings, _contents(settings), station.hang_restart_s, station.inference, station.state_folder)
    readers = [_reader(one) for one in (settings, *own_sources(settings))]
    needs = (*readers, DELIVERY, RECORDS, OUTPUTS, CAMERAS, DRIFT, *chip_needs(settings))
    return Unit(f"point {settings.name}", "point", made_from, prepare, _POINTS_STOP_S, needs)


def _follow(name: str, predictors: Sequence[Predictor], running: Running) -> None:
    """Scores of one model can be followed; of several each part's may be another's."""
    if running.scores is not None and len(predictors) == 1:
        running.scores.follow(name, predictors[0].digest, reference_of(predictors[0].manifest))


def _company(settings: Point, around: Surroundings, state_folder: Path) -> Company:
    running = around.running
    made = Company(
        running.told(),
        running.readers[settings.name],
        around.clock,
        state_folder,
        running.cameras,
        running.paces,
        given=running.given[settings.name],
        chips=running.chips,
        conditions=around.conditions,
        beside={view.name: running.readers[view.name] for view in own_sources(settings)},
    )
    return made if running.panel is None else replace(made, expect=running.panel.expect)


def own_sources(settings: Point) -> list[Point]:
    """The views of those models that have a source of their own."""
    return [view for view, model in zip(settings.views, settings.models, strict=False) if model.source is not None]


def _contents(settings: Point) -> tuple[Any, ...]:
    """What tells the files of a point from others under the same names."""
    files = (_identity(Path(path)) for view in settings.views for path in _files(view))
    return (*files, *secret_files(settings))


def _files(view: Point) -> list[str]:
    return [view.bundle, *([view.mask.path] if view.mask and view.mask.path else [])]


def _loaded(settings: Point, load: Callable[[Point], Predictor], around: Surroundings) -> list[Predictor]:
    """Each model, its mask looked at first; none stays loaded when one of them cannot be used."""
    predictors: list[Predictor] = []
    try:
        for view in settings.views:
            check_mask(view, around)
            predictors.append(load(view))
            for doubt in doubts(view, predictors[-1]):
                _log.warning("inspection point %s: %s", view.name, doubt)
    except BaseException:
        _close(predictors)
        raise
    return predictors


def _close(predictors: Sequence[Predictor]) -> None:
    for predictor in predictors:
        predictor.close()


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
