"""Each point's source, opened through the daemon's own class and watched for some seconds."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import LeptonError
from edge_contracts.station import FolderSource
from edge_contracts.verdict import Cause
from edge_runtime.bundle_fit import window_needs
from edge_runtime.cameras import eye_of
from edge_runtime.capture.source import KINDS, BadReading, SourceEnded, build_source
from edge_runtime.capture.traits import patience_s
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.doctor.patient import SourceReading
from edge_runtime.frames import Frame, Window
from edge_runtime.inspection.region import cut
from edge_runtime.occasion import Ailment
from edge_runtime.picture_health import reduced_grey, sharpness
from edge_runtime.signal_health import SignalCheck, SignalLimits
from edge_runtime.signals.feeder import Needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Point
    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.doctor.patient import Chart, Patient

_LABELS = {"microphone": "microphone", "sound-files": "sounds", "serial": "sensor"}
"""What the check is called for kinds that are no camera and stand for none."""
_OPENING_S = 30.0
_PICTURES_MAX = 500
_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_MS_PER_S = 1000
_HALF = 0.5


@dataclass(slots=True)
class _Watched:
    """What a source gave; ages, conversions in milliseconds, times in monotonic nanoseconds."""

    last: Frame | Window | None = None
    arrived_ns: list[int] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    conversions_ms: list[float] = field(default_factory=list)
    ailments: Counter[str] = field(default_factory=Counter)
    advice: str = ""
    error: str = ""


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding per inspection point; what a camera gave enters the chart."""
    for point in patient.config.points:
        if isinstance(point.source, FolderSource) and point.source.watch:
            yield _look_at_watched(point.name, point.source)
        elif KINDS[point.source.kind].live and patient.daemon_pid is not None:
            found = f"in use by the daemon (process {patient.daemon_pid})"
            step = "to look at it here, stop the daemon first: sudo systemctl stop lepton-edge"
            yield Finding(_label(point), point.name, Standing.SKIPPED, found, "", step)
        else:
            yield _examine(point, patient, chart)


def _look_at_watched(name: str, source: FolderSource) -> Finding:
    """Its pictures are parts: none is taken from it here."""
    rights = os.R_OK | os.X_OK | (os.W_OK if source.after == "delete" else 0)
    if os.access(source.path, rights):
        return Finding("camera", name, Standing.OK, f"{source.path} is watched; what it gives is not looked at")
    needed = "read and write" if source.after == "delete" else "read"
    found, step = f"{source.path}, which this user may not use", "check the folder's owner and rights"
    return Finding("camera", name, Standing.FAILED, found, f"a folder to {needed}", step)


def _label(point: Point) -> str:
    return _LABELS.get(point.source.kind, "camera")


def _examine(point: Point, patient: Patient, chart: Chart) -> Finding:
    watched, stop = _Watched(), threading.Event()
    arguments = (point, patient.clock, patient.watch_s, stop, watched)
    thread = threading.Thread(target=_watch, args=arguments, name=f"doctor-{point.name}", daemon=True)
    thread.start()
    longest_s = _OPENING_S + max(patient.watch_s, 2 * patience_s(point.source))
    thread.join(longest_s)
    stop.set()
    if thread.is_alive():
        found = f"the driver has not answered for {longest_s:g} s"
        step = "unplug and plug in the camera, or restart the board"
        return Finding(_label(point), point.name, Standing.FAILED, found, "pictures", step)
    return _judge(point, watched, chart)


def _watch(point: Point, clock: Clock, seconds: float, stop: threading.Event, watched: _Watched) -> None:
    source = build_source(point.source, clock, stop)
    try:
        examined = _Examined(point)
        source.open()
        until_ns = clock.now_ns() + int(max(seconds, 2 * patience_s(point.source)) * _NS_PER_S)
        while clock.now_ns() < until_ns and not stop.is_set() and len(watched.arrived_ns) < _PICTURES_MAX:
            source.advance()
            begun_ns = clock.now_ns()
            reading = source.reading()
            watched.arrived_ns.append(clock.now_ns())
            watched.conversions_ms.append((clock.now_ns() - begun_ns) / _NS_PER_MS)
            watched.ages_ms.append((clock.now_ns() - reading.captured_at_ns) / _NS_PER_MS)
            ailment = examined.ailment(reading)
            if ailment is not None:
                watched.ailments[ailment.cause.value] += 1
                watched.advice = ailment.reason
            has_form = ailment is None or ailment.cause is not Cause.BAD_FRAME
            if has_form and not isinstance(reading, BadReading):
                watched.last = reading
    except SourceEnded:
        pass
    except Exception as error:  # noqa: BLE001 - a driver's own exceptions are what is looked for
        watched.error = str(error) or type(error).__name__
    finally:
        source.close()


class _Examined:
    """The daemon's own checks of one point's readings."""

    def __init__(self, point: Point) -> None:
        self._eye = eye_of(point)
        self._ear = SignalCheck(SignalLimits.of(point), _needs(point)) if point.listens else None

    def ailment(self, reading: Reading) -> Ailment | None:
        if isinstance(reading, BadReading):
            return Ailment(Cause.BAD_FRAME, reading.reason)
        if isinstance(reading, Frame):
            return self._eye.examine(reading.pixels)
        return self._ear.examine(reading) if self._ear is not None else None


def _needs(point: Point) -> Needs:
    """What the point's model takes of a window; a bundle that cannot be read is told by the model's own check."""
    try:
        return window_needs(read_bundle(Path(point.views[0].bundle)).manifest) or Needs()
    except (LeptonError, OSError):
        return Needs()


def _judge(point: Point, watched: _Watched, chart: Chart) -> Finding:
    if watched.error or not watched.arrived_ns:
        found = watched.error or "it opens and gives nothing"
        step = "check power, cable, address and rights; the daemon would call every part unknown"
        return Finding(_label(point), point.name, Standing.FAILED, found, "pictures", step)
    if watched.last is not None:
        chart.sources[point.name] = _reading(point, watched, watched.last)
    ill, count = sum(watched.ailments.values()), len(watched.arrived_ns)
    if ill:
        named = ", ".join(f"{number} {cause}" for cause, number in watched.ailments.most_common())
        standing = Standing.FAILED if ill > _HALF * count else Standing.WARNING
        wanted = f"{'windows' if point.listens else 'pictures'} that can be judged"
        found = f"{ill} of {count} cannot be judged: {named}"
        return Finding(_label(point), point.name, standing, found, wanted, watched.advice)
    age_ms = median(watched.ages_ms)
    if age_ms > point.max_frame_age_ms:
        wanted = f"pictures of at most {point.max_frame_age_ms:g} ms"
        step = "relieve the network or the board, or raise max_frame_age_ms"
        return Finding(
            _label(point), point.name, Standing.FAILED, f"pictures that are {age_ms:.0f} ms old", wanted, step
        )
    return Finding(_label(point), point.name, Standing.OK, _shown(point, watched, age_ms, chart.sources[point.name]))


def _reading(point: Point, watched: _Watched, last: Frame | Window) -> SourceReading:
    kind, arrived = KINDS[point.source.kind], watched.arrived_ns
    period_ms = None
    if (kind.live or kind.camera) and len(arrived) > 1:
        period_ms = (arrived[-1] - arrived[0]) / (len(arrived) - 1) / _NS_PER_MS
    return SourceReading(period_ms, quantiles(watched.conversions_ms * 2, n=20)[-1], last)


def _shown(point: Point, watched: _Watched, age_ms: float, reading: SourceReading) -> str:
    count, last = len(watched.arrived_ns), reading.last
    pace = f", {_MS_PER_S / reading.period_ms:.1f} per second, {age_ms:.0f} ms old" if reading.period_ms else ""
    if isinstance(last, Window):
        loudest = float(abs(last.values).max(initial=0))
        what = f"windows of {last.duration_s:g} s at {last.rate_hz:g} Hz{pace}, largest value {loudest:.3g}"
        return f"{point.source.kind}: {count} {what}"
    height_px, width_px = last.pixels.shape[:2]
    grey = reduced_grey(cut(last.pixels, point.region))
    light = f"mean grey {grey.mean():.0f}, sharpness {sharpness(grey):.0f}"
    return f"{point.source.kind}: {count} pictures of {width_px}×{height_px}{pace}, {light}"
