"""Each point's bundle: loaded as the daemon loads it, its goldens replayed, timed on the point's own pictures."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device_profiles.profile import load_profile, profile_names
from edge_contracts.errors import LeptonError
from edge_contracts.manifest import ImageInput
from edge_runtime.bundle_fit import blank
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.frames import Frame, Window
from edge_runtime.inspection.doubts import doubts
from edge_runtime.inspection.region import cut
from edge_runtime.inspection.tiling import tiles_of
from edge_runtime.inventory import hardware
from edge_runtime.model_loading import load_predictor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.doctor.patient import Chart, Patient, SourceReading
    from edge_runtime.frames import Subject
    from edge_runtime.infer.predictor import Predictor

CHECK = "model"
_RUNS = 50
_WARM_UP = 3
_NO_PROFILE = "none"
_LONGEST_S = 20.0
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_SMAPS = Path("/proc/self/smaps_rollup")
_KB_PER_MB = 1024


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """Per point: the bundle, its goldens, the board that it was made for, and its time."""
    for point in patient.config.points:
        for view in point.views:
            yield from _examine(view, point, patient, chart)


def proportional_kb() -> int:
    """This process's share of memory (PSS) in kB, 0 where the kernel does not tell."""
    try:
        lines = _SMAPS.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def judge_board(subject: str, profile: str, board: str, machine: str) -> Finding:
    """Whether the bundle was made for this board.

    Args:
        subject: the inspection point.
        profile: the manifest's.
        board: what the board calls itself.
        machine: the processor's architecture, as `uname -m` says it.
    """
    if profile == _NO_PROFILE:
        step = "convert it with --profile of this board, if it is to be quick there"
        found = "converted as float for no board in particular"
        return Finding(CHECK, subject, Standing.WARNING, found, "a bundle for this board", step)
    if profile not in profile_names():
        return Finding(CHECK, subject, Standing.OK, f"made for the profile {profile!r}, which is not built in")
    made_for = load_profile(profile)
    is_other_processor = made_for.cpu.architecture != machine
    is_other_board = board != machine and not board.startswith(made_for.title)
    if not is_other_processor and not is_other_board:
        return Finding(CHECK, subject, Standing.OK, f"made for {made_for.title}")
    step = "convert it again with --profile of this board: kernels and limits differ"
    found = f"made for {made_for.title}, and this is {board}"
    return Finding(CHECK, subject, Standing.WARNING, found, "a bundle for this board", step)


def _examine(view: Point, point: Point, patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One model of a point; `view` is the point itself when it has one bundle."""
    try:
        yield from _loaded(view, point, patient, chart)
    except (LeptonError, OSError) as error:
        yield Finding(CHECK, view.name, Standing.FAILED, str(error), "a bundle that this board can run")


def _loaded(view: Point, point: Point, patient: Patient, chart: Chart) -> Iterator[Finding]:
    before_kb = proportional_kb()
    predictor = load_predictor(view)
    try:
        yield _origin(view, predictor)
        yield judge_board(view.name, predictor.manifest.profile, hardware(), platform.machine())
        yield from _doubts(view, predictor)
        reading = chart.sources.get(point.name) if view.source is point.source else None
        subject = _subject(view, reading, predictor)
        grown_kb = proportional_kb() - before_kb
        made_up = "a window of silence" if view.listens else "a drawn picture of 640×480"
        found, p95_ms = _time(predictor, subject, patient, grown_kb, "what the source gave" if reading else made_up)
        tiles = _tiles(view, predictor, subject)
        # One after the other, a part takes all its models and each of their tiles.
        chart.model_p95_ms[point.name] = chart.model_p95_ms.get(point.name, 0.0) + p95_ms * tiles
        more = f"; a part takes {tiles} runs, one per tile" if tiles > 1 else ""
        yield Finding(CHECK, view.name, Standing.OK, found + more)
    finally:
        predictor.close()


def _doubts(view: Point, predictor: Predictor) -> Iterator[Finding]:
    for one in doubts(view, predictor):
        yield Finding(CHECK, view.name, Standing.WARNING, one.found, one.wanted, one.next_step)


def _origin(point: Point, predictor: Predictor) -> Finding:
    manifest, backend = predictor.manifest, predictor.backend
    ran = f"{manifest.name} {predictor.digest[:12]}, {backend.runtime} {backend.version} ({backend.kernels})"
    count = len(manifest.golden.goldens) if manifest.golden else 0
    if count:
        return Finding(CHECK, point.name, Standing.OK, f"{ran}; {count} goldens answered as recorded")
    step = "convert the model again, which records some"
    wanted = "goldens, which show that this board computes as the converter did"
    return Finding(CHECK, point.name, Standing.WARNING, f"{ran}; no goldens", wanted, step)


def _time(predictor: Predictor, subject: Subject, patient: Patient, grown_kb: int, source: str) -> tuple[str, float]:
    """One run in words, and its 95th percentile in milliseconds."""
    times_ms = _timed(predictor, subject, patient.clock)
    p50_ms, p95_ms = np.percentile(times_ms, [50, 95])
    beside = "; the daemon runs beside, so this is longer than by itself" if patient.daemon_pid else ""
    found = (
        f"p50 {p50_ms:.2f} ms, p95 {p95_ms:.2f} ms over {len(times_ms)} runs on {source}, preprocessing included; "
        f"{max(grown_kb, 0) / _KB_PER_MB:.0f} MB{beside}"
    )
    return found, float(p95_ms)


def _tiles(view: Point, predictor: Predictor, subject: Subject) -> int:
    spec = predictor.manifest.input
    if view.tiles is None or isinstance(subject, Window) or not isinstance(spec, ImageInput):
        return 1
    return len(tiles_of(view.tiles, subject.shape[:2], (spec.height_px, spec.width_px)))


def _timed(predictor: Predictor, subject: Subject, clock: Clock) -> list[float]:
    times_ms: list[float] = []
    begun_ns = clock.now_ns()
    while len(times_ms) < _WARM_UP + _RUNS:
        run_ns = clock.now_ns()
        predictor.predict(subject)
        times_ms.append((clock.now_ns() - run_ns) / _NS_PER_MS)
        if clock.now_ns() - begun_ns > _LONGEST_S * _NS_PER_S and len(times_ms) > _WARM_UP:
            break
    return times_ms[_WARM_UP:]


def _subject(view: Point, reading: SourceReading | None, predictor: Predictor) -> Subject:
    if reading is None:
        return blank(predictor.manifest) if view.listens else cut(_noise(), view.region)
    return cut(reading.last.pixels, view.region) if isinstance(reading.last, Frame) else reading.last


def _noise() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
