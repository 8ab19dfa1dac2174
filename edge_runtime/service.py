"""The daemon: builds every part, starts them, stops them in reverse. The only place that wires objects."""

from __future__ import annotations

import logging
import random
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from edge_contracts.device import InspectionPoint as Inventory
from edge_contracts.errors import BadInputError, RefusedError
from edge_contracts.manifest import ClassRule, ImageInput, NoRule
from edge_contracts.station import FrameTrigger, IntervalTrigger, RtspSource
from edge_contracts.topics import DeviceAddress
from edge_runtime import inventory
from edge_runtime.capture.backoff import Backoff
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.capture.reader import Reader
from edge_runtime.capture.rtsp import without_password
from edge_runtime.capture.source import KINDS, build_source
from edge_runtime.clock import Clock, MonotonicClock
from edge_runtime.decide import Ruling
from edge_runtime.delivery import Delivery
from edge_runtime.evidence import EvidenceStore
from edge_runtime.infer.predictor import GoldenMismatch, Predictor
from edge_runtime.inspection_point import InspectionPoint
from edge_runtime.inspector import Inspector
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.outputs.json_lines import JsonLines
from edge_runtime.outputs.log import VerdictLog
from edge_runtime.picture_health import PictureCheck
from edge_runtime.pipeline import Pipeline, VerdictSink
from edge_runtime.scorer import Scorer
from edge_runtime.tally import Tally
from edge_runtime.trigger.presence_gate import PresenceGate
from edge_runtime.trigger.triggers import FrameTrigger as EveryFrame
from edge_runtime.trigger.triggers import IntervalTrigger as EveryInterval
from edge_runtime.trigger.triggers import Lookout, PresenceTrigger
from edge_runtime.uplink.uplink import Announcements, Uplink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.notify import Notifier
    from edge_runtime.trigger.triggers import Trigger

_TICK_S = 0.1
_SIGNS_PER_WATCHDOG = 3
_MS_PER_S = 1000
_NS_PER_S = 1_000_000_000
_FAREWELL_S = 10.0
"""After the last picture of every folder and film, how long the manager may take to store what is in the spool."""
_CONNECT_S = 2.0
"""… and how long to wait for a broker that is not connected."""
_DELIVERY_STOP_S = 10.0
_LINES_STOP_S = 3.0
_FILE_STUCK_S = 60.0
_STREAM_STUCK_S = 30.0
_STALL_SLACK_S = 2.0

_log = logging.getLogger(__name__)


class End(Enum):
    """Why the daemon ended."""

    STOPPED = "stopped"
    EXHAUSTED = "every source has given its last picture"
    TROUBLE = "ended for a restart"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    good, defect, unknown: verdicts.
    spooled: alerts that are durable; one may stand for several unknowns.
    refused: alerts that are not; the spool's ledger has them.
    waiting: rows of the spool that nobody has acknowledged.
    """

    end: End
    good: int
    defect: int
    unknown: int
    spooled: int
    refused: int
    waiting: int

    def __str__(self) -> str:
        return (
            f"{self.end.value}: {self.good} good, {self.defect} defect, {self.unknown} unknown; "
            f"{self.spooled} alerts spooled, {self.refused} refused, {self.waiting} not acknowledged yet"
        )


class Daemon:
    """Runs a station until it is told to stop or all its folders and films are over.

    Args:
        config: checked, every path absolute.
        notifier: the service manager.
        stop: ends the run.
        lines: where each verdict goes as a JSON line, None for nowhere.
        clock: monotonic.
        open_predictor: loads a point's bundle.
    """

    def __init__(
        self,
        config: StationConfig,
        notifier: Notifier,
        stop: threading.Event,
        *,
        lines: TextIO | None = None,
        clock: Clock | None = None,
        open_predictor: Callable[[Point], Predictor] | None = None,
    ) -> None:
        self._config = config
        self._notifier = notifier
        self._stop = stop
        self._lines = lines
        self._clock = clock or MonotonicClock()
        self._open_predictor = open_predictor or load_predictor
        self._delivery_clock = SystemClock()
        self._started_at_ns = self._clock.now_ns()
        self._state_folder = Path(config.station.state_folder)
        self._tally = Tally(point.name for point in config.points)

    def run(self) -> Summary:
        """Start everything, watch over it, stop everything in reverse.

        Raises:
            BadInputError: a bundle, folder, film or state folder cannot be used.
            RefusedError: this machine does not answer a bundle's goldens as recorded.
            MissingExtraError: a runtime or OpenCV is not installed.
        """
        load_opencv().setNumThreads(1)
        for point in self._config.points:
            self._look_at_source(point)
        predictors = [self._open_predictor(point) for point in self._config.points]
        _make_folder(self._state_folder)
        with ExitStack() as running:
            outbox = self._start_outbox(running)
            delivery = self._start_delivery(outbox, running)
            sinks: list[VerdictSink] = [self._tally, delivery, VerdictLog(), *self._start_lines(running)]
            halt = threading.Event()
            parts = zip(self._config.points, predictors, strict=True)
            points = [self._point(point, predictor, sinks, halt) for point, predictor in parts]
            uplink = self._start_uplink(outbox, points, running)
            self._start_points(points, halt, running)
            end = self._watch(points)
            if end is End.EXHAUSTED:
                delivery.stop(_DELIVERY_STOP_S)
                self._wait_for_the_manager(outbox, uplink)
        return self._summary(end, delivery, outbox)

    def _look_at_source(self, point: Point) -> None:
        """A folder or film that cannot be used is a mistake of today; a camera may come back."""
        if KINDS[point.source.kind].live:
            return
        source = build_source(point.source, self._clock, self._stop)
        try:
            source.open()
        except OSError as error:
            raise BadInputError(f"inspection point {point.name}: {error}") from error
        finally:
            source.close()

    def _start_outbox(self, running: ExitStack) -> Outbox:
        station, spool = self._config.station, self._config.spool
        outbox = Outbox(
            self._state_folder / "spool.sqlite",
            DeviceAddress(station.org, station.site, station.device),
            SpoolLimits(spool.max_bytes, spool.reserve_bytes),
            self._delivery_clock,
            window_s=spool.commit_window_ms / _MS_PER_S,
        )
        running.callback(outbox.stop)
        outbox.start()
        return outbox

    def _start_delivery(self, outbox: Outbox, running: ExitStack) -> Delivery:
        settings = self._config.evidence
        evidence = EvidenceStore(self._state_folder / "evidence", settings) if settings.enabled else None
        names = [point.name for point in self._config.points]
        delivery = Delivery(names, outbox, evidence, self._clock)
        running.callback(delivery.stop, _DELIVERY_STOP_S)
        delivery.start()
        return delivery

    def _start_lines(self, running: ExitStack) -> list[VerdictSink]:
        if self._lines is None:
            return []
        lines = JsonLines(self._lines)
        running.callback(lines.stop, _LINES_STOP_S)
        lines.start()
        return [lines]

    def _start_uplink(self, outbox: Outbox, points: Sequence[InspectionPoint], running: ExitStack) -> Uplink | None:
        settings, station = self._config.uplink, self._config.station
        if settings is None:
            _log.warning("no [uplink] in the configuration: alerts stay in the spool")
            return None
        runtimes = sorted({_runtime_name(point.predictor) for point in points})
        announcements = Announcements(
            birth=lambda session, epoch: inventory.birth(
                session, epoch, settings, ", ".join(runtimes), [point.inventory for point in points]
            ),
            state=lambda: inventory.state(
                self._delivery_clock.now(),
                (self._clock.now_ns() - self._started_at_ns) / _NS_PER_S,
                outbox.depth(),
                self._state_folder,
                self._tally.states(),
            ),
        )
        uplink = Uplink(outbox, DeviceAddress(station.org, station.site, station.device), settings, announcements)
        running.callback(uplink.stop)
        uplink.start()
        return uplink

    def _start_points(self, points: Sequence[InspectionPoint], halt: threading.Event, running: ExitStack) -> None:
        for point in points:
            running.callback(point.stop)
            point.start()
        running.callback(halt.set)
        running.callback(self._notifier.stopping)
        self._notifier.ready(self._status())

    def _point(
        self, point: Point, predictor: Predictor, sinks: Sequence[VerdictSink], halt: threading.Event
    ) -> InspectionPoint:
        manifest, kind = predictor.manifest, KINDS[point.source.kind]
        scorer = Scorer(point.name, predictor, self._clock)
        reader = Reader(
            point.name,
            lambda stop: build_source(point.source, self._clock, stop),
            live=kind.live,
            clock=self._clock,
            backoff=Backoff(random.random),
            stuck_after_s=_stuck_after_s(point),
        )
        ruling = Ruling(manifest.rule, manifest.labels, point.threshold)
        inspector = Inspector(point, ruling, predictor.digest, scorer, self._clock)
        trigger = self._trigger(point, reader, halt)
        return InspectionPoint(
            inventory=Inventory(
                name=point.name, source=_shown_source(point), bundle=manifest.name, model=predictor.digest
            ),
            predictor=predictor,
            scorer=scorer,
            reader=reader,
            pipeline=Pipeline(point.name, trigger, inspector, sinks, reader, self._clock, halt),
            stall_s=2 * point.deadline_ms / _MS_PER_S + _STALL_SLACK_S,
        )

    def _trigger(self, point: Point, reader: Reader, halt: threading.Event) -> Trigger:
        check = PictureCheck(point.health, frozen_frames=frozen_frames(point))
        lookout = Lookout(reader, check, point.region, self._clock)
        settings = point.trigger
        if isinstance(settings, FrameTrigger):
            return EveryFrame(lookout, self._clock)
        if isinstance(settings, IntervalTrigger):
            return EveryInterval(
                lookout,
                self._clock,
                halt,
                interval_s=settings.interval_s,
                lead_s=point.max_frame_age_ms / 2 / _MS_PER_S,
                patience_s=point.deadline_ms / 2 / _MS_PER_S,
            )
        return PresenceTrigger(lookout, self._clock, PresenceGate(settings), interval_s=settings.interval_s)

    def _watch(self, points: Sequence[InspectionPoint]) -> End:
        """Feed the watchdog while every loop makes progress, until the end, the stop or trouble."""
        hang_restart_s = self._config.station.hang_restart_s
        sign_due_ns = 0
        while not self._clock.wait(self._stop, _TICK_S):
            now_ns = self._clock.now_ns()
            for point in points:
                if (trouble := point.trouble(now_ns, hang_restart_s)) is not None:
                    _log.critical("%s; the daemon ends so that it can be started anew", trouble)
                    return End.TROUBLE
            if not any(point.pipeline.running for point in points):
                return End.EXHAUSTED
            if now_ns >= sign_due_ns and not any(point.is_stuck(now_ns) for point in points):
                self._notifier.alive(self._status())
                sign_due_ns = now_ns + int((self._notifier.watchdog_s or _NS_PER_S) * _NS_PER_S / _SIGNS_PER_WATCHDOG)
        return End.STOPPED

    def _wait_for_the_manager(self, outbox: Outbox, uplink: Uplink | None) -> None:
        begun_ns = self._clock.now_ns()
        while uplink is not None and not self._stop.is_set() and not outbox.drained(_TICK_S):
            patience_s = _FAREWELL_S if uplink.counters.connected else _CONNECT_S
            if self._clock.now_ns() - begun_ns > patience_s * _NS_PER_S:
                return
            self._notifier.alive(self._status())

    def _status(self) -> str:
        states = self._tally.states()
        return ", ".join(f"{one.point}: {one.good} good, {one.defect} defect, {one.unknown} unknown" for one in states)

    def _summary(self, end: End, delivery: Delivery, outbox: Outbox) -> Summary:
        states, counts = self._tally.states(), delivery.counts
        return Summary(
            end=end,
            good=sum(state.good for state in states),
            defect=sum(state.defect for state in states),
            unknown=sum(state.unknown for state in states),
            spooled=counts.spooled,
            refused=counts.refused + counts.overflowed,
            waiting=max(outbox.last_seq - outbox.freed_through, 0),
        )


def load_predictor(point: Point) -> Predictor:
    """Load a point's bundle, check that it can judge pictures, replay its goldens, warm it up.

    Raises:
        BadInputError: the bundle is damaged, or judges no pictures.
        RefusedError: this machine does not answer the goldens as recorded.
    """
    predictor = Predictor.open(Path(point.bundle), runtime=point.runtime, threads=point.threads)
    spec, rule = predictor.manifest.input, predictor.manifest.rule
    if not isinstance(spec, ImageInput) or isinstance(rule, NoRule):
        raise BadInputError(
            f"inspection point {point.name}: wanted a bundle that judges pictures, found {point.bundle} with input "
            f"{spec.kind!r} and rule {rule.kind!r}; train one with 'lepton train'"
        )
    if isinstance(rule, ClassRule) and point.threshold is not None and not 0 <= point.threshold <= 1:
        raise BadInputError(
            f"inspection point {point.name}: wanted a threshold of 0 to 1, because {point.bundle} gives probabilities, "
            f"found {point.threshold:g}"
        )
    try:
        predictor.verify_goldens()
    except GoldenMismatch as error:
        raise RefusedError(f"inspection point {point.name}: {error}") from error
    predictor.predict(np.zeros((spec.height_px, spec.width_px, 3), np.uint8))
    return predictor


def frozen_frames(point: Point) -> int:
    """After how many identical pictures a camera counts as frozen; a folder only when the file asks for it.

    A folder may hold the same picture twice; what stands for a camera does not give it twice.
    """
    asked_for = "frozen_frames" in point.health.model_fields_set
    return point.health.frozen_frames if asked_for or KINDS[point.source.kind].camera else 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(
            f"wanted a writable station.state_folder at {folder}, found that it cannot be made ({error.strerror}); "
            "choose another or mend its rights"
        ) from error


def _stuck_after_s(point: Point) -> float:
    source = point.source
    if isinstance(source, RtspSource):
        return source.open_timeout_s + source.read_timeout_s + _STREAM_STUCK_S
    return _FILE_STUCK_S


def _shown_source(point: Point) -> str:
    source = point.source
    return f"{source.kind} {without_password(source.url) if isinstance(source, RtspSource) else source.path}"


def _runtime_name(predictor: Predictor) -> str:
    return f"{predictor.backend.runtime} {predictor.backend.version}"
