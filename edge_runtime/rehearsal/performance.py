"""One rehearsal of a fault script: the real daemon in this process, and a stage hand that times what is not passive."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.bundle import read_bundle
from edge_contracts.station import FrameTrigger, IntervalTrigger
from edge_runtime.cameras import frozen_frames
from edge_runtime.capture.traits import SILENCE_INTERVAL_S
from edge_runtime.clock import MonotonicClock
from edge_runtime.config import ConfigRejected
from edge_runtime.model_loading import load_predictor
from edge_runtime.notify import Notifier
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.rehearsal.fault import FaultKind
from edge_runtime.rehearsal.fault_script import check_points
from edge_runtime.rehearsal.faulty_predictor import FaultyPredictor
from edge_runtime.rehearsal.full_disk import full_disk
from edge_runtime.rehearsal.judgement import Judgement, Promises, Span, judge
from edge_runtime.rehearsal.jumping_clock import JumpingClock
from edge_runtime.rehearsal.scripted_source import load_pictures
from edge_runtime.rehearsal.staging import changes, confined, patient, scripted
from edge_runtime.rehearsal.timetable import Timetable
from edge_runtime.rehearsal.verdict_tape import Told, VerdictTape
from edge_runtime.service import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.rehearsal.fault import Fault
    from edge_runtime.rehearsal.fault_script import FaultScript
    from edge_runtime.summary import Summary

_MS_PER_S = 1000
_NS_PER_S = 1_000_000_000
_POLL_S = 0.1
_SLACK_S = 0.5
"""For the polls of triggers and a busy machine, in what counts as silence."""
_HAND_STOP_S = 5.0
_ACTED = {FaultKind.DISK_FULL, FaultKind.RELOAD_BAD}


@dataclass(frozen=True, slots=True)
class Performance:
    """What came of it.

    told: every verdict, in the order they were told.
    judgements: one per fault and point that it struck.
    unfit: points that judged no part before the first fault, so that nothing can be said of them.
    began_at_ns: monotonic; the script's zero.
    staged: what the stage put in another's place, a sentence each.
    """

    told: tuple[Told, ...]
    judgements: tuple[Judgement, ...]
    unfit: tuple[str, ...]
    began_at_ns: int
    summary: Summary
    staged: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept."""
        return not self.unfit and not any(judgement.broken for judgement in self.judgements)


@dataclass(frozen=True, slots=True)
class _Signs:
    """stop: ends the daemon. let_go: ends a hang. reload: makes the daemon read its file anew."""

    stop: threading.Event
    let_go: threading.Event
    reload: threading.Event


class _Prompter(Notifier):
    """Begins the timetable once the daemon is ready."""

    def __init__(self, timetable: Timetable) -> None:
        super().__init__()
        self._timetable = timetable

    def ready(self, status: str) -> None:
        """Goldens replayed, models warm, spool open, sources being read."""
        super().ready(status)
        self._timetable.begin()


def perform(config: StationConfig, script: FaultScript, scratch: Path) -> Performance:
    """Act a script out.

    Args:
        config: the station's own.
        script: checked.
        scratch: a folder of its own, for the state.

    Raises:
        BadInputError: the script names a point that the station does not have.
        LeptonError: as `Daemon.run`.
    """
    check_points(script, [point.name for point in config.points])
    clock = MonotonicClock()
    timetable = Timetable(script.acted(), clock)
    pictures = load_pictures(Path(script.pictures))
    points = tuple(scripted(point, pictures, script, timetable) for point in config.points)
    staged = patient(confined(config, scratch / "state", points), script.end_s)
    stop, let_go, reload = threading.Event(), threading.Event(), threading.Event()
    tape = VerdictTape()
    daemon = Daemon(
        staged,
        _Prompter(timetable),
        stop,
        lines=tape,
        clock=clock,
        open_predictor=_opens(timetable, let_go),
        reload=reload,
        read_config=_bad_file,
        delivery_clock=JumpingClock(SystemClock(), timetable),
    )
    signs = _Signs(stop, let_go, reload)
    hand = threading.Thread(target=_act, args=(timetable, script.end_s, signs), name="stage-hand", daemon=True)
    hand.start()
    try:
        summary = daemon.run()
    finally:
        stop.set()
        hand.join(_HAND_STOP_S)
    performance = _judged(staged, script, timetable, tape.told, summary)
    return replace(performance, staged=tuple(changes(config, staged)))


def _opens(timetable: Timetable, let_go: threading.Event) -> Callable[[Point], Predictor]:
    def open_predictor(point: Point) -> Predictor:
        sound = load_predictor(point)
        return FaultyPredictor(read_bundle(Path(point.bundle)), sound.backend, point.name, timetable, let_go)

    return open_predictor


def _bad_file() -> StationConfig:
    raise ConfigRejected("wanted a usable station configuration, found mistakes (acted out)")


def _act(timetable: Timetable, end_s: float, signs: _Signs) -> None:
    """Do what is not passive at its time, and end the run."""
    while not signs.stop.is_set() and not timetable.begun.wait(_POLL_S):
        pass
    with ExitStack() as disk:
        before = None
        while not signs.stop.is_set() and timetable.now_s() < end_s:
            fault = timetable.active(None, _ACTED)
            if fault is not before:
                disk.close()
                if fault is not None and fault.kind is FaultKind.DISK_FULL:
                    disk.enter_context(full_disk())
                if fault is not None and fault.kind is FaultKind.RELOAD_BAD:
                    signs.reload.set()
                before = fault
            signs.stop.wait(_POLL_S)
    signs.stop.set()
    signs.let_go.set()


def _judged(
    config: StationConfig, script: FaultScript, timetable: Timetable, told: Sequence[Told], summary: Summary
) -> Performance:
    first_ns = timetable.span_ns(timetable.faults[0])[0]
    unfit = tuple(
        point.name
        for point in config.points
        if not any(one.point == point.name and one.is_judged and one.decided_at_ns < first_ns for one in told)
    )
    judgements = tuple(
        _of(fault, point, script, timetable, told)
        for fault in timetable.faults
        for point in config.points
        if fault.strikes(point.name)
    )
    return Performance(tuple(told), judgements, unfit, timetable.began_at_ns, summary, ())


def _of(fault: Fault, point: Point, script: FaultScript, timetable: Timetable, told: Sequence[Told]) -> Judgement:
    begin_ns, end_ns = timetable.span_ns(fault)
    later = [timetable.span_ns(other)[0] for other in timetable.faults if other.at_s > fault.at_s]
    until_ns = min(later, default=end_ns + int(script.end_s * _NS_PER_S))
    own = [one for one in told if one.point == point.name and one.decided_at_ns < until_ns]
    span = Span(begin_ns, end_ns, timetable.first_harm_ns.get((fault, point.name)))
    return judge(fault, point.name, own, span, _promises(point, script))


def _promises(point: Point, script: FaultScript) -> Promises:
    deadline_s = point.deadline_ms / _MS_PER_S
    silence_s = None
    if isinstance(point.trigger, IntervalTrigger):
        silence_s = point.trigger.interval_s + deadline_s + _SLACK_S
    if isinstance(point.trigger, FrameTrigger):
        silence_s = max(SILENCE_INTERVAL_S, 1 / script.pictures_per_s) + deadline_s + _SLACK_S
    return Promises(
        oldest_ms=point.max_frame_age_ms + point.deadline_ms,
        spared=max(frozen_frames(point) - 1, 0),
        silence_s=silence_s,
        recovery_s=script.recovery_s,
    )
