"""`lepton capture`: training pictures through the station's own camera, region and trigger."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.errors import BadInputError, RefusedError

if TYPE_CHECKING:
    from edge_contracts.station import Point, StationConfig
    from edge_runtime.capture.reader import Reader
    from edge_runtime.clock import Clock
    from edge_runtime.recording.recording import Recording
    from edge_runtime.trigger.triggers import Trigger

EXIT_STOPPED = 130
_STOP_S = 3.0
_SAY_EVERY_S = 10
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_COUNT_MAX = 100_000


@click.command()
@click.argument("station", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(1, _COUNT_MAX), default=50, show_default=True, help="How many pictures.")
@click.option("-o", "--out", "folder", type=click.Path(path_type=Path), required=True, help="Where they are kept.")
@click.option("--point", "name", help="Which inspection point, where the station has several.")
@click.pass_context
def capture(context: click.Context, station: Path, *, count: int, folder: Path, name: str | None) -> None:
    """Take training pictures with the camera, region and trigger of STATION.

    STATION is a station.toml, whose bundle need not exist yet. Each picture is what the model will see: the point's
    region, at the moments at which the point would inspect, as PNG. Dark, over-exposed, blurred and frozen pictures
    are skipped and counted. Nothing is written over, and Ctrl-C keeps what there is.

    Exit codes: 0 done, 1 the source ended before, 2 wrong configuration or input, 130 stopped by Ctrl-C.
    """
    from edge_runtime.assembly import build_reader, build_trigger  # noqa: PLC0415 - `lepton capture --help` loads nothing
    from edge_runtime.clock import MonotonicClock  # noqa: PLC0415 - the same
    from edge_runtime.config import load_station  # noqa: PLC0415 - the same
    from edge_runtime.journal import Journal  # noqa: PLC0415 - the same
    from edge_runtime.recording.album import Album  # noqa: PLC0415 - the same
    from edge_runtime.recording.recording import Recording  # noqa: PLC0415 - the same
    from edge_runtime.stop_signals import stopped_by_signals  # noqa: PLC0415 - the same

    point = _point(load_station(station, with_bundles=False), name)
    album = Album(folder, point.name)
    album.open()
    recording = Recording(album, point.region, count)
    clock, stop = MonotonicClock(), threading.Event()
    with Journal(sys.stderr, logging.WARNING), stopped_by_signals(stop):
        reader = build_reader(point, clock)
        trigger = build_trigger(point, reader, clock, stop)
        _record(recording, reader, trigger, _Patience(clock, point.max_frame_age_ms), stop)
    click.echo(f"{recording} in {folder}")
    if not recording.is_done and stop.is_set():
        context.exit(EXIT_STOPPED)
    if not recording.is_done:
        raise RefusedError(f"wanted {count} pictures, found that the source ended after {recording.taken}")


class Waiting:
    """Says every ten seconds that no picture came, and why, so that nobody waits without knowing for what."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ns = self._said_ns = clock.now_ns()

    def said(self, *, came: bool, lost: str | None, attempts: int) -> str:
        """The sentence when one is due, else nothing.

        Args:
            came: a picture came just now.
            lost: why the source gives nothing, None while it does.
            attempts: how often it failed or could not be opened.
        """
        now_ns = self._clock.now_ns()
        if came:
            self._since_ns = self._said_ns = now_ns
        if now_ns - self._said_ns < _SAY_EVERY_S * _NS_PER_S:
            return ""
        self._said_ns = now_ns
        tried = f"{attempts} attempt{'' if attempts == 1 else 's'}"
        why = f"{lost}; still trying, {tried} so far" if lost else "the source is open, the trigger has not called"
        return f"no picture for {(now_ns - self._since_ns) / _NS_PER_S:.0f} s: {why}; Ctrl-C ends it"


class _Patience:
    """How old a picture may be."""

    def __init__(self, clock: Clock, limit_ms: float) -> None:
        self.clock = clock
        self._limit_ns = limit_ms * _NS_PER_MS

    def is_too_old(self, captured_at_ns: int) -> bool:
        return self.clock.now_ns() - captured_at_ns > self._limit_ns


def _point(config: StationConfig, name: str | None) -> Point:
    """The point that was named, or the only one, if it sees pictures."""
    names = ", ".join(point.name for point in config.points)
    found = [point for point in config.points if name in {None, point.name}]
    if len(found) != 1:
        wanted = f"the inspection point {name!r}" if name else "one inspection point"
        raise BadInputError(f"wanted {wanted}, found {names}; choose with --point")
    if found[0].listens:
        kind = found[0].source.kind
        raise BadInputError(f"wanted a source of pictures, found that {found[0].name} listens (kind {kind!r})")
    return found[0]


def _record(recording: Recording, reader: Reader, trigger: Trigger, patience: _Patience, stop: threading.Event) -> None:
    listeners, waiting = getattr(trigger, "listeners", ()), Waiting(patience.clock)
    for part in (*listeners, reader):
        part.start()
    try:
        while not recording.is_done and not reader.ended and not stop.is_set():
            came = _take(recording, trigger, patience)
            if said := waiting.said(came=came, lost=reader.lost, attempts=reader.counts.lost):
                click.echo(said, err=True)
    finally:
        for part in (*listeners, reader):
            part.ask_to_stop()
        for part in (*listeners, reader):
            part.stop(_STOP_S)


def _take(recording: Recording, trigger: Trigger, patience: _Patience) -> bool:
    """One occasion, if there is one; False where no picture came at all, and so there is nothing to skip."""
    from edge_contracts.verdict import Cause  # noqa: PLC0415 - loads pydantic's models
    from edge_runtime.frames import Frame  # noqa: PLC0415 - loads numpy

    occasion = trigger.next()
    if occasion is None or occasion.reading is None:
        return False
    against = occasion.ailment.cause if occasion.ailment else None
    if against is None and patience.is_too_old(occasion.reading.captured_at_ns):
        against = Cause.STALE
    frame = occasion.reading if isinstance(occasion.reading, Frame) else None
    path = recording.offer(frame, against)
    if path is not None and sys.stderr.isatty():
        click.echo(f"\r  {recording} \x1b[K", err=True, nl=recording.is_done)
    elif path is not None:
        click.echo(f"{path.name}  {recording}", err=True)
    return True
