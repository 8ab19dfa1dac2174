"""One inspection point put together: its model, its reader, its trigger and its loop, as the configuration asks."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_contracts.device import InspectionPoint as Inventory
from edge_contracts.station import FrameTrigger, IntervalTrigger
from edge_contracts.station import PresenceTrigger as PresenceSettings
from edge_runtime.audit_file import AuditFile
from edge_runtime.bundle_fit import window_needs
from edge_runtime.cameras import Cameras, freezes_unseen
from edge_runtime.capture.backoff import Backoff
from edge_runtime.capture.reader import Reader
from edge_runtime.capture.source import KINDS, source_builder
from edge_runtime.capture.traits import patience_s, shown_source, stuck_after_s
from edge_runtime.inspection.inspector import Inspector, scoring_ms
from edge_runtime.inspection.sensitivity import Sensitivity
from edge_runtime.inspection_point import InspectionPoint
from edge_runtime.lessons.lesson_file import LessonFile
from edge_runtime.lessons.lessons import Lessons
from edge_runtime.lessons.teachable import teachable
from edge_runtime.lessons.witness import WitnessFile
from edge_runtime.pace import Paces
from edge_runtime.pipeline import Pipeline, VerdictSink
from edge_runtime.point_models import chain_of
from edge_runtime.signal_health import SignalCheck, SignalLimits
from edge_runtime.signals.feeder import Needs
from edge_runtime.trigger.beside import BesideLookout
from edge_runtime.trigger.crossings import Crossings
from edge_runtime.trigger.expecting import Expecting
from edge_runtime.trigger.line_input import build_line_trigger
from edge_runtime.trigger.line_trigger import LineTrigger
from edge_runtime.trigger.motion import MotionGate, MovingOnly
from edge_runtime.trigger.presence_gate import PresenceGate
from edge_runtime.trigger.triggers import FrameTrigger as EveryFrame
from edge_runtime.trigger.triggers import IntervalTrigger as EveryInterval
from edge_runtime.trigger.triggers import Lookout, PresenceTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.conditions import Conditions
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.point_models import PointModels
    from edge_runtime.terminals.chips import Chips
    from edge_runtime.trigger.backlog import BacklogCounts
    from edge_runtime.trigger.given_names import GivenNames
    from edge_runtime.trigger.triggers import Trigger

_MS_PER_S = 1000
_STALL_SLACK_S = 2.0


@dataclass(frozen=True, slots=True)
class Company:
    """What a point is given by the daemon.

    sinks: told of each verdict, in this order.
    reader: hands over what the point's source gives.
    state_folder: keeps the threshold that people set, and what they teach, while it runs.
    beside: the same for each model with a source of its own, by the name of its view.
    cameras: examine the pictures.
    paces: hold the triggers that run by an interval.
    given: the names that the point's parts had before.
    chips: the microcontrollers that run.
    conditions: told when lessons are lost.
    expect: told of each part before its verdict: the point, the trigger's time, when the part was at the camera.
    """

    sinks: Sequence[VerdictSink]
    reader: Reader
    clock: Clock
    state_folder: Path
    cameras: Cameras = field(default_factory=Cameras)
    paces: Paces = field(default_factory=Paces)
    given: GivenNames | None = None
    chips: Chips | None = None
    conditions: Conditions | None = None
    expect: Callable[[str, int, int], None] = lambda _point, _triggered_at_ns, _moment_ns: None
    beside: Mapping[str, Reader] = field(default_factory=dict)


def assemble(point: Point, predictors: Sequence[Predictor], company: Company) -> InspectionPoint:
    """Build what belongs to one point; nothing of it runs yet.

    Args:
        point: its settings.
        predictors: one per view of the point, in their order.
        company: what the daemon gives it.
    """
    halt = threading.Event()
    beside = {
        view.name: _beside(view, predictor, company)
        for view, predictor in zip(point.views, predictors, strict=True)
        if view.name in company.beside
    }
    chain, models = chain_of(point, predictors, company.clock, beside)
    audit = AuditFile(company.state_folder / "audit.jsonl", _utc)
    sensitivity = _sensitivity(point.name, models, predictors[0].digest, company.state_folder, audit)
    lessons = _lessons(point, models, predictors, company, audit)
    inspector, manifest = Inspector(point, chain, company.clock), predictors[0].manifest
    calls = _calls(point, manifest, company, halt)
    return InspectionPoint(
        settings=point,
        sensitivity=sensitivity,
        lessons=lessons,
        inventory=Inventory(
            name=point.name, source=shown_source(point.source), bundle=manifest.name, model=predictors[0].digest
        ),
        predictors=tuple(predictors),
        scorer=models,
        reader=company.reader,
        pipeline=_pipeline(calls.announced, inspector, company, halt, point.name),
        halt=halt,
        stall_s=2 * point.deadline_ms / _MS_PER_S + _STALL_SLACK_S,
        listeners=calls.line.listeners if calls.line else (),
        crossings=calls.crossings,
        motion=calls.motion,
        announced=calls.counts,
        beside=tuple(company.beside.values()),
    )


def _pipeline(trigger: Trigger, inspector: Inspector, company: Company, halt: threading.Event, name: str) -> Pipeline:
    reader, clock = company.reader, company.clock
    return Pipeline(name, trigger, inspector, company.sinks, reader, clock, halt, company.given)


@dataclass(frozen=True, slots=True)
class _Calls:
    """What calls for a point's inspections.

    announced: the trigger as the loop has it.
    line: the same where the line itself calls, None for any other.
    motion: passes over pictures in which nothing moved.
    crossings: looks at a camera's pictures ahead of the loop.
    """

    announced: Trigger
    line: LineTrigger | None = None
    motion: MotionGate | None = None
    crossings: Crossings | None = None

    @property
    def counts(self) -> BacklogCounts | None:
        """Of the parts that wait for their turn, None where none does."""
        waits = self.line or self.crossings
        return waits.counts if waits is not None else None


def _calls(point: Point, manifest: Manifest, company: Company, halt: threading.Event) -> _Calls:
    expect = partial(company.expect, point.name)
    trigger = build_trigger(
        point,
        company.reader,
        company.clock,
        halt,
        company.cameras,
        window_needs(manifest),
        expect,
        company.given,
        company.chips,
    )
    if isinstance(point.trigger, IntervalTrigger) and isinstance(trigger, EveryInterval):
        company.paces.add(point.name, trigger, point.trigger.interval_s)
    if isinstance(trigger, LineTrigger):
        return _Calls(trigger, trigger)
    if isinstance(trigger, PresenceTrigger) and company.reader.live:
        crossings = Crossings(
            point.name,
            Expecting(trigger, expect),
            company.clock,
            within_s=scoring_ms(point.deadline_ms) / _MS_PER_S,
            max_age_s=point.max_frame_age_ms / _MS_PER_S,
            may_wait=not any(reader.live for reader in company.beside.values()),
        )
        return _Calls(crossings, crossings=crossings)
    motion = _motion_gate(point)
    return _Calls(Expecting(MovingOnly(trigger, motion) if motion is not None else trigger, expect), motion=motion)


def _motion_gate(point: Point) -> MotionGate | None:
    """For a camera that runs by itself; what the line or a part calls for is never skipped."""
    settings = point.trigger.motion if isinstance(point.trigger, FrameTrigger | IntervalTrigger) else None
    return MotionGate(settings, point.region) if settings is not None else None


def _utc() -> datetime:
    return datetime.now(timezone.utc)


def _sensitivity(name: str, models: PointModels, digest: str, state_folder: Path, audit: AuditFile) -> Sensitivity:
    made = Sensitivity(name, models.ruling, digest, state_folder / "thresholds", audit)
    if made.can_be_set:
        models.use_threshold(made.ruling().threshold)
        made.tell(models.use_threshold)
    return made


def _lessons(
    point: Point, models: PointModels, predictors: Sequence[Predictor], company: Company, audit: AuditFile
) -> Lessons:
    first, conditions = predictors[0], company.conditions

    def alarm(reason: str | None) -> None:
        if conditions is not None:
            conditions.set(AlarmType.MODEL, f"{point.name}: lessons", reason, Severity.CRITICAL)

    is_whole = len(predictors) == 1 and point.tiles is None
    bundle = teachable(first.manifest, first.digest, first.member, whole=is_whole)
    file = LessonFile(company.state_folder / "lessons" / f"{point.name}.sqlite")
    witness = WitnessFile(company.state_folder / "taught" / f"{point.name}.json")
    made = Lessons(point.name, bundle, file, witness, audit, _utc, alarm)
    made.tell(models.use_lessons)
    return made


def _beside(view: Point, predictor: Predictor, company: Company) -> BesideLookout:
    needs = window_needs(predictor.manifest) or Needs()
    lookout = _lookout(view, company.beside[view.name], company.clock, company.cameras, needs)
    return BesideLookout(lookout, company.clock, max_age_ms=view.max_frame_age_ms)


def build_reader(point: Point, clock: Clock, *, is_beside: bool = False) -> Reader:
    """What keeps a point's source open, not yet started.

    Args:
        point: the point, or the view of a model with a source of its own.
        clock: monotonic.
        is_beside: such a view; what it gives first is the part's, however late its model is asked.

    Raises:
        MissingExtraError: a library that the source needs is not installed.
    """
    kind = KINDS[point.source.kind]
    return Reader(
        point.name,
        source_builder(point.source, clock),
        live=kind.live,
        clock=clock,
        backoff=Backoff(random.random),
        stuck_after_s=stuck_after_s(point.source),
        keeps_first=is_beside,
    )


def build_trigger(
    point: Point,
    reader: Reader,
    clock: Clock,
    halt: threading.Event,
    cameras: Cameras | None = None,
    needs: Needs | None = None,
    expect: Callable[[int, int], None] | None = None,
    given: GivenNames | None = None,
    chips: Chips | None = None,
) -> Trigger:
    """What calls for a point's inspections; a `LineTrigger` needs its listeners started.

    Args:
        point: its trigger, and what its source may not be.
        reader: gives the readings.
        clock: monotonic.
        halt: ends the waits.
        cameras: examine its pictures.
        needs: what its model takes of a window.
        given: the names that the point's parts had before, None when there are none.
        expect: told at once of each part that the line announces: its moment, as trigger and at the camera.
        chips: the microcontrollers that run, None where there are none.

    Raises:
        BadInputError: the point's `moved_reference` is no picture, or a file of the trigger's connection is unusable.
        MissingExtraError: a library that the trigger needs is not installed.
    """
    lookout = _lookout(point, reader, clock, cameras or Cameras(), needs or Needs(), given)
    settings = point.trigger
    if isinstance(settings, FrameTrigger):
        return EveryFrame(lookout, clock, silence_s=patience_s(point.source))
    if isinstance(settings, IntervalTrigger):
        lead_s, patient_s = point.max_frame_age_ms / 2 / _MS_PER_S, point.deadline_ms / 2 / _MS_PER_S
        every_s = settings.interval_s
        return EveryInterval(lookout, clock, halt, interval_s=every_s, lead_s=lead_s, patience_s=patient_s)
    if isinstance(settings, PresenceSettings):
        return PresenceTrigger(lookout, clock, PresenceGate(settings), interval_s=settings.interval_s)
    return build_line_trigger(
        point, settings, lookout, clock, halt, expect or (lambda _triggered_at_ns, _moment_ns: None), given, chips
    )


def _lookout(
    point: Point, reader: Reader, clock: Clock, cameras: Cameras, needs: Needs, given: GivenNames | None = None
) -> Lookout:
    ear = SignalCheck(SignalLimits.of(point), needs) if point.listens else None
    reader.glances = freezes_unseen(point)
    return Lookout(reader, cameras.check_for(point), clock, ear, given)
