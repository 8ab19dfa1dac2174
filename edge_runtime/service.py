"""The daemon: builds every part, starts them, stops them in reverse. The only place that wires objects."""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from edge_contracts.errors import BadInputError
from edge_contracts.topics import DeviceAddress
from edge_runtime import inventory
from edge_runtime.assembly import Surroundings, assemble, load_predictor
from edge_runtime.cameras import Cameras
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.capture.source import KINDS, build_source
from edge_runtime.clock import Clock, MonotonicClock
from edge_runtime.delivery import Delivery
from edge_runtime.evidence import EvidenceStore
from edge_runtime.inspection_point import (
    LOOPS_STOP_S,
    MODELS_STOP_S,
    SOURCES_STOP_S,
    stop_loops,
    stop_models,
    stop_sources,
)
from edge_runtime.learned import Learned
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_errors import SpoolInUse
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.outputs.json_lines import JsonLines
from edge_runtime.outputs.log import VerdictLog
from edge_runtime.records.verdict_records import VerdictRecords
from edge_runtime.shutdown import Shutdown
from edge_runtime.state_folder import MediumRefused, make_folder
from edge_runtime.tally import Tally
from edge_runtime.uplink.uplink import Announcements, Uplink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.inspection_point import InspectionPoint
    from edge_runtime.notify import Notifier
    from edge_runtime.pipeline import VerdictSink

_TICK_S = 0.1
_SIGNS_PER_WATCHDOG = 3
_MS_PER_S = 1000
_NS_PER_S = 1_000_000_000
_FAREWELL_S = 10.0
"""After the last picture of every folder and film, how long the manager may take to store what is in the spool."""
_CONNECT_S = 2.0
"""… and how long to wait for a broker that is not connected."""
_UPLINK_STOP_S = 11.0
"""A broker that does not answer is given up after 10 s (5 to connect, 5 to be heard)."""
_LINES_STOP_S = 3.0
_RECORDS_STOP_S = 3.0
_DELIVERY_STOP_S = 6.0
_OUTBOX_STOP_S = 8.0
LONGEST_STOP_S: Final = (
    2 * _DELIVERY_STOP_S  # the signal may come just when the last picture was judged and the delivery is emptied
    + (LOOPS_STOP_S + SOURCES_STOP_S + MODELS_STOP_S)
    + (_UPLINK_STOP_S + _LINES_STOP_S + _RECORDS_STOP_S + _OUTBOX_STOP_S)
)
"""From the signal to the end of `Daemon.run`, when every part takes all the time that it is given."""

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
    faults: exceptions inside the loops and the delivery; the log has a traceback of each.
    without_picture: alerts told without their picture, because too many waited.
    not_kept: pictures that the disk did not take.
    not_recorded: verdicts without a line in the daily record.
    lines_dropped: verdicts that the reader of the JSON lines did not read in time.
    left_behind: parts of the daemon that did not stop; the process must be left at once.
    """

    end: End
    good: int
    defect: int
    unknown: int
    spooled: int
    refused: int
    waiting: int
    faults: int = 0
    without_picture: int = 0
    not_kept: int = 0
    not_recorded: int = 0
    lines_dropped: int = 0
    left_behind: int = 0

    def __str__(self) -> str:
        troubles = {
            "faults": self.faults,
            "alerts without their picture": self.without_picture,
            "pictures not kept": self.not_kept,
            "verdicts not in the daily record": self.not_recorded,
            "JSON lines dropped": self.lines_dropped,
            "parts did not stop": self.left_behind,
        }
        return (
            f"{self.end.value}: {self.good} good, {self.defect} defect, {self.unknown} unknown; "
            f"{self.spooled} alerts spooled, {self.refused} refused, {self.waiting} not acknowledged yet"
        ) + "".join(f"; {count} {what}" for what, count in troubles.items() if count)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs; None for what the configuration does not ask for."""

    outbox: Outbox
    evidence: EvidenceStore | None
    delivery: Delivery
    records: VerdictRecords | None
    lines: JsonLines | None
    points: tuple[InspectionPoint, ...]
    uplink: Uplink | None

    def dead_thread(self) -> str | None:
        """Which of the threads that must outlive every fault is not alive."""
        if not self.delivery.running:
            return "the delivery's thread is dead"
        if not self.outbox.running:
            return "the spool's writer is dead"
        if self.uplink is not None and not self.uplink.running:
            return "the uplink's thread is dead"
        return None


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
            SpoolInUse: another daemon holds the state folder.
            MediumRefused: the disk is full, read-only or broken just now.
            RefusedError: this machine does not answer a bundle's goldens as recorded.
            MissingExtraError: a runtime or OpenCV is not installed.
        """
        load_opencv().setNumThreads(1)
        for point in self._config.points:
            self._look_at_source(point)
        predictors = [self._open_predictor(point) for point in self._config.points]
        make_folder(self._state_folder, "station.state_folder")
        with Shutdown() as running:
            parts = self._start(predictors, running)
            end = self._watch(parts)
            if end is End.EXHAUSTED:
                parts.delivery.stop(_DELIVERY_STOP_S)
                self._wait_for_the_manager(parts)
        if running.stuck:
            _log.critical("did not stop: %s; the daemon is to be started anew", ", ".join(running.stuck))
            end = End.TROUBLE
        return self._summary(end, parts, len(running.left_behind))

    def _start(self, predictors: Sequence[Predictor], running: Shutdown) -> _Parts:
        outbox = self._start_outbox(running)
        evidence = self._open_evidence()
        delivery = self._start_delivery(outbox, evidence, running)
        records, lines = self._start_records(running), self._start_lines(running)
        asked_for = [sink for sink in (records, lines) if sink is not None]
        sinks: list[VerdictSink] = [self._tally, delivery, VerdictLog(), *asked_for]
        cameras = Cameras(Learned(self._state_folder / "learned"))
        shared = Surroundings(sinks, self._clock, threading.Event(), cameras)
        pairs = zip(self._config.points, predictors, strict=True)
        points = tuple(assemble(point, predictor, shared) for point, predictor in pairs)
        uplink = self._start_uplink(outbox, points, running)
        self._start_points(points, shared.halt, running)
        return _Parts(outbox, evidence, delivery, records, lines, points, uplink)

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

    def _start_outbox(self, running: Shutdown) -> Outbox:
        station, spool = self._config.station, self._config.spool
        try:
            outbox = Outbox(
                self._state_folder / "spool.sqlite",
                DeviceAddress(station.org, station.site, station.device),
                SpoolLimits(spool.max_bytes, spool.reserve_bytes),
                self._delivery_clock,
                window_s=spool.commit_window_ms / _MS_PER_S,
            )
        except SpoolInUse:
            raise
        except (OSError, sqlite3.Error) as error:
            raise MediumRefused(f"wanted to open the spool in {self._state_folder}, found: {error}") from error
        running.add("the spool", lambda: outbox.stop(_OUTBOX_STOP_S))
        outbox.start()
        return outbox

    def _open_evidence(self) -> EvidenceStore | None:
        settings = self._config.evidence
        return EvidenceStore(self._state_folder / "evidence", settings) if settings.enabled else None

    def _start_delivery(self, outbox: Outbox, evidence: EvidenceStore | None, running: Shutdown) -> Delivery:
        delivery = Delivery([point.name for point in self._config.points], outbox, evidence, self._clock)
        delivery.start()
        running.add("the delivery", lambda: delivery.stop(_DELIVERY_STOP_S))
        return delivery

    def _start_records(self, running: Shutdown) -> VerdictRecords | None:
        settings = self._config.records
        if not settings.enabled:
            return None
        trust = lambda: self._delivery_clock.now().trust  # noqa: E731 - a question, asked once per batch
        records = VerdictRecords(self._state_folder / "verdicts", settings, self._clock, trust)
        records.start()
        running.add("the verdict records", lambda: records.stop(_RECORDS_STOP_S), needs_restart=False)
        return records

    def _start_lines(self, running: Shutdown) -> JsonLines | None:
        if self._lines is None:
            return None
        lines = JsonLines(self._lines)
        lines.start()
        running.add("the JSON lines", lambda: lines.stop(_LINES_STOP_S), needs_restart=False)
        return lines

    def _start_uplink(self, outbox: Outbox, points: Sequence[InspectionPoint], running: Shutdown) -> Uplink | None:
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
        uplink.start()
        running.add("the uplink", lambda: uplink.stop(_UPLINK_STOP_S))
        return uplink

    def _start_points(self, points: Sequence[InspectionPoint], halt: threading.Event, running: Shutdown) -> None:
        started: list[InspectionPoint] = []
        running.add("a model", lambda: stop_models(started, self._clock))
        running.add("a source", lambda: stop_sources(started, self._clock), needs_restart=False)
        running.add("a loop", lambda: stop_loops(started, self._clock))
        running.add("halt", halt.set)
        running.add("notice", self._notifier.stopping)
        for point in points:
            point.start()
            started.append(point)
        self._notifier.ready(self._status())

    def _watch(self, parts: _Parts) -> End:
        """Feed the watchdog while every loop makes progress, until the end, the stop or trouble."""
        points = parts.points
        hang_restart_s = self._config.station.hang_restart_s
        sign_due_ns = 0
        while not self._clock.wait(self._stop, _TICK_S):
            now_ns = self._clock.now_ns()
            troubles = [parts.dead_thread(), *(point.trouble(now_ns, hang_restart_s) for point in points)]
            if trouble := next(filter(None, troubles), None):
                _log.critical("%s; the daemon ends so that it can be started anew", trouble)
                return End.TROUBLE
            if not any(point.pipeline.running for point in points):
                return End.EXHAUSTED
            if now_ns >= sign_due_ns and not any(point.is_stuck(now_ns) for point in points):
                self._notifier.alive(self._status())
                sign_due_ns = now_ns + int((self._notifier.watchdog_s or _NS_PER_S) * _NS_PER_S / _SIGNS_PER_WATCHDOG)
        return End.STOPPED

    def _wait_for_the_manager(self, parts: _Parts) -> None:
        begun_ns, uplink = self._clock.now_ns(), parts.uplink
        while uplink is not None and not self._stop.is_set() and not parts.outbox.drained(_TICK_S):
            patience_s = _FAREWELL_S if uplink.counters.connected else _CONNECT_S
            if self._clock.now_ns() - begun_ns > patience_s * _NS_PER_S:
                return
            self._notifier.alive(self._status())

    def _status(self) -> str:
        states = self._tally.states()
        return ", ".join(f"{one.point}: {one.good} good, {one.defect} defect, {one.unknown} unknown" for one in states)

    def _summary(self, end: End, parts: _Parts, left_behind: int) -> Summary:
        states, counts = self._tally.states(), parts.delivery.counts
        return Summary(
            end=end,
            good=sum(state.good for state in states),
            defect=sum(state.defect for state in states),
            unknown=sum(state.unknown for state in states),
            spooled=counts.spooled,
            refused=counts.refused + counts.overflowed,
            waiting=max(parts.outbox.last_seq - parts.outbox.freed_through, 0),
            faults=counts.faults + sum(point.pipeline.faults for point in parts.points),
            without_picture=counts.without_picture,
            not_kept=parts.evidence.counts.failed if parts.evidence else 0,
            not_recorded=parts.records.counts.lost if parts.records else 0,
            lines_dropped=parts.lines.dropped if parts.lines else 0,
            left_behind=left_behind,
        )


def _runtime_name(predictor: Predictor) -> str:
    return f"{predictor.backend.runtime} {predictor.backend.version}"
