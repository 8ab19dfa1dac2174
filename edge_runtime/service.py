"""The daemon: runs the units of its station, watches over them, changes them when the file changes, stops them."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import LeptonError
from edge_contracts.verdict import Outcome
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.clock import Clock, MonotonicClock
from edge_runtime.conditions import Conditions
from edge_runtime.health.verdict_watch import VerdictWatch
from edge_runtime.infer.isolated.nursery import Nursery
from edge_runtime.infer.isolated.process_backend import BackendDied
from edge_runtime.model_loading import ModelLoader
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.spool_errors import SpoolBeingRead
from edge_runtime.reloading import Reloading
from edge_runtime.state_folder import MediumRefused
from edge_runtime.summary import End, Summary
from edge_runtime.supervisor import Change, NoWayBack, Supervisor
from edge_runtime.tally import Tally
from edge_runtime.units import spool
from edge_runtime.units.plan import plan_of
from edge_runtime.units.running import Running
from edge_runtime.units.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.notify import Notifier
    from edge_runtime.outbox.delivery_clock import DeliveryClock
    from edge_runtime.remote.managed_station import ManagedStation

_TICK_S = 0.1
_SIGNS_PER_WATCHDOG = 3
_NS_PER_S = 1_000_000_000
_FAREWELL_S = 10.0
"""After the last picture of every folder and film, how long the manager may take to store what is in the spool."""
_CONNECT_S = 2.0
"""… and how long to wait for a broker that is not connected."""
PASSING: Final = (MediumRefused, BackendDied, SpoolBeingRead)
"""Refusals to start that may be over at the next attempt: a full disk, a model's process that found no memory, a spool
that somebody reads."""

_log = logging.getLogger(__name__)


class Daemon:
    """Runs a station until it is told to stop or all its folders and films are over.

    Args:
        config: checked, every path absolute.
        notifier: the service manager.
        stop: ends the run.
        lines: where each verdict goes as a JSON line, None for nowhere.
        clock: monotonic.
        open_predictor: loads a point's bundle; as the station says when None.
        reload: when it is set, the configuration is read anew.
        read_config: reads it; raises ConfigRejected.
        managed: gave `config` and `read_config`, and proves what comes from the manager; None without one.
        delivery_clock: all clocks, for what is told outside.
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
        reload: threading.Event | None = None,
        read_config: Callable[[], StationConfig] | None = None,
        managed: ManagedStation | None = None,
        delivery_clock: DeliveryClock | None = None,
    ) -> None:
        self._config = config
        self._notifier = notifier
        self._stop = stop
        self._clock = clock or MonotonicClock()
        self._open_predictor = open_predictor
        self._reload = reload or threading.Event()
        self._read_config = read_config or (lambda: config)
        self._reloading: Reloading | None = None
        self._nursery = Nursery()
        self._supervisor = Supervisor(self._clock)
        all_clocks = delivery_clock or SystemClock()
        conditions = Conditions(all_clocks.now)
        self._around = Surroundings(
            running=Running(),
            clock=self._clock,
            delivery_clock=all_clocks,
            started_at_ns=self._clock.now_ns(),
            lines=lines,
            tally=Tally(point.name for point in config.points),
            stop=stop,
            reload=self._reload,
            conditions=conditions,
            verdict_watch=VerdictWatch(conditions),
            managed=managed,
        )

    def run(self) -> Summary:
        """Start everything, watch over it, stop everything in reverse.

        Raises:
            BadInputError: a bundle, folder, film or state folder cannot be used.
            SpoolInUse: another daemon holds the state folder.
            SpoolBeingRead: another program reads the spool just now.
            MediumRefused: the disk is full, read-only or broken just now.
            RefusedError: this machine does not answer a bundle's goldens as recorded.
            MissingExtraError: a runtime or OpenCV is not installed.
        """
        try:
            if self._open_predictor is None and self._config.station.inference == "process":
                self._nursery.start()
            load_opencv().setNumThreads(1)
            self._go(*self._prepare(self._config))
            self._tell_managed()
            self._notifier.ready(self._status())
            try:
                end = self._watch()
            finally:
                self._drop_run_signals()
            if end is End.EXHAUSTED:
                self._wait_for_the_manager()
            self._notifier.stopping()
        finally:
            self._around.conditions.hold()
            self._supervisor.stop()
            self._nursery.close()
            if self._reloading is not None:
                self._reloading.give_up()
        if stuck := self._supervisor.stuck:
            _log.critical("did not stop: %s; the daemon is to be started anew", ", ".join(stuck))
            end = End.TROUBLE
        return self._summary(end)

    def _prepare(self, config: StationConfig) -> tuple[StationConfig, Change]:
        """Everything of a configuration that may refuse."""
        return config, self._supervisor.prepare(plan_of(config, self._around, self._loader(config)))

    def _go(self, config: StationConfig, change: Change) -> list[str]:
        """Go to a configuration; the names of what was started."""
        started = self._supervisor.go(change)
        self._config = config
        self._around.tally.follow(point.name for point in config.points)
        if (uplink := self._around.running.uplink) is not None:
            uplink.announce_again()
        return started

    def _loader(self, config: StationConfig) -> Callable[[Point], Predictor]:
        if self._open_predictor is not None:
            return self._open_predictor
        station = config.station
        nursery = self._nursery if station.inference == "process" else None
        return ModelLoader(nursery, self._clock, hang_s=station.hang_restart_s)

    def _watch(self) -> End:
        """Feed the watchdog while every loop makes progress, until the end, the stop or trouble."""
        sign_due_ns = 0
        while not self._clock.wait(self._stop, _TICK_S):
            try:
                self._look_at_the_file()
            except NoWayBack as error:
                _log.critical("%s", error)
                return End.TROUBLE
            if (managed := self._around.managed) is not None and managed.look(self._around.tally.judged()):
                self._reload.set()
            points = tuple(self._around.running.points.values())
            for point in points:
                point.scorer.tend()
            if trouble := self._supervisor.trouble():
                _log.critical("%s; the daemon ends so that it can be started anew", trouble)
                return End.TROUBLE
            if not any(point.pipeline.running for point in points):
                return End.EXHAUSTED
            now_ns = self._clock.now_ns()
            if any(point.is_stuck(now_ns) for point in points):
                continue
            if (panel := self._around.running.panel) is not None:
                panel.alive()
            if now_ns >= sign_due_ns:
                self._notifier.alive(self._status())
                sign_due_ns = now_ns + int((self._notifier.watchdog_s or _NS_PER_S) * _NS_PER_S / _SIGNS_PER_WATCHDOG)
        return End.STOPPED

    def _drop_run_signals(self) -> None:
        """Before the points stop: parts that nobody inspects must not be brought."""
        if (panel := self._around.running.panel) is not None:
            panel.drop_run_signals()

    def _look_at_the_file(self) -> None:
        """Begin a reload when one is asked for, end it when its plan is prepared; the line goes on meanwhile."""
        if self._reloading is None and self._reload.is_set():
            self._reload.clear()
            self._notifier.reloading(self._clock.now_ns())
            self._reloading = Reloading(lambda: self._prepare(self._read_config()))
        if self._reloading is not None and self._reloading.is_done:
            reloading, self._reloading = self._reloading, None
            self._read_anew(reloading)
            self._notifier.ready(self._status())

    def _read_anew(self, reloading: Reloading) -> None:
        """Go to what the file says now; a file that cannot be keeps what runs."""
        try:
            started = self._go(*reloading.result())
        except NoWayBack:
            raise
        except LeptonError as error:
            _log.error("the configuration was not reloaded, the old one goes on: %s", error)
            self._tell_managed(error)
        except Exception as error:  # noqa: BLE001 - a fault that nobody thought of must not end a line that runs
            _log.exception("the configuration was not reloaded, the old one goes on")
            self._tell_managed(error)
        else:
            self._tell_managed()
            _log.warning("the configuration was reloaded; started anew: %s", ", ".join(started) or "nothing")

    def _tell_managed(self, error: Exception | None = None) -> None:
        """What was read runs, or was refused."""
        if (managed := self._around.managed) is None:
            return
        if error is None:
            managed.went(self._around.tally.judged())
        else:
            managed.refused(error)

    def _wait_for_the_manager(self) -> None:
        """After the last part: bring what is told into the spool, and give the manager time to store it."""
        running, begun_ns = self._around.running, self._clock.now_ns()
        if running.delivery is None or running.outbox is None:
            return
        running.extras.flush()
        running.delivery.stop(spool.DELIVERY_STOP_S)
        while running.uplink is not None and not self._stop.is_set() and not running.outbox.drained(_TICK_S):
            patience_s = _FAREWELL_S if running.uplink.counters.connected else _CONNECT_S
            if self._clock.now_ns() - begun_ns > patience_s * _NS_PER_S:
                return
            self._notifier.alive(self._status())

    def _status(self) -> str:
        states = self._around.tally.states()
        return ", ".join(f"{one.point}: {one.good} good, {one.defect} defect, {one.unknown} unknown" for one in states)

    def _summary(self, end: End) -> Summary:
        running, tally = self._around.running, self._around.tally
        counts, outbox = running.delivery_counts, running.outbox
        return Summary(
            end=end,
            good=tally.total(Outcome.GOOD),
            defect=tally.total(Outcome.DEFECT),
            unknown=tally.total(Outcome.UNKNOWN),
            spooled=counts.spooled,
            refused=counts.refused + counts.overflowed,
            waiting=max(outbox.last_seq - outbox.freed_through, 0) if outbox else 0,
            faults=counts.faults + running.loop_faults,
            without_picture=counts.without_picture,
            not_kept=running.evidence_counts.failed,
            not_recorded=running.record_counts.lost,
            given_up=running.evidence_counts.given_up,
            lines_dropped=running.lines.dropped if running.lines else 0,
            left_behind=len(self._supervisor.left_behind),
        )
