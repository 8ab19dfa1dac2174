"""One detector on one split: learned, converted for a board, and both judged with the board's own predictor."""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.conversion import convert
from converters.gate.metrics import auroc, escape_at_overkill
from edge_contracts.bundle import write_bundle
from edge_contracts.errors import RefusedError
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from edge_runtime.signals.feeder import Feeder
from training.detectors.float_bundle import float_bundle
from training.detectors.learn import learn
from training.detectors.learn_sounds import learn_sounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.detectors.sets import Split
    from training.detectors.learn import Detector
    from training.detectors.sight import Backbone

CALIBRATION = 60


@dataclass(frozen=True, slots=True)
class Run:
    """Shares from 0 to 1, times on one thread of this machine.

    overkill, escape: at the bundle's own threshold. made_s: to learn, or to convert. ms: per part with preprocessing.
    """

    auroc: float
    escape_at_5_percent_overkill: float
    overkill: float
    escape: float
    made_s: float
    ms: float
    model_bytes: int


@dataclass(frozen=True, slots=True)
class Contest:
    """What came of one split.

    kind, stride_px: of the detector. float_run, board_run: before and after converting; None where that was refused.
    """

    kind: str
    stride_px: int
    float_run: Run
    board_run: Run | None


def contest(split: Split, kind: str, backbone: Backbone | None, seed: int, board: str) -> Contest:
    """Learn, convert and judge."""
    started_s = time.monotonic()
    detector = _learned(split, kind, backbone, seed)
    learned_s = time.monotonic() - started_s
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = datetime.now(timezone.utc)
        write_bundle(
            folder / "float.bundle", *float_bundle(detector, name="bench", inputs={}, settings={}, created=now)
        )
        float_run = _judged(folder / "float.bundle", split, learned_s)
        return Contest(*_choice(detector), float_run, _converted(folder, detector, split, board))


def _choice(detector: Detector) -> tuple[str, int]:
    return detector.selection.kind, detector.selection.stride_px


def _converted(folder: Path, detector: Detector, split: Split, board: str) -> Run | None:
    started_s = time.monotonic()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            convert(
                folder / "float.bundle",
                profile=board,
                calibration=_calibration(detector, split),
                out=folder / "board.bundle",
            )
    except RefusedError as error:
        print(error, file=sys.stderr)
        return None
    return _judged(folder / "board.bundle", split, time.monotonic() - started_s)


def _learned(split: Split, kind: str, backbone: Backbone | None, seed: int) -> Detector:
    if isinstance(split.learned[0], Window):
        return learn_sounds(split.learned, kind=kind, backbone=backbone, seed=seed, groups=split.groups)
    return learn(split.learned, kind=kind, backbone=backbone, seed=seed, groups=split.groups)


def _calibration(detector: Detector, split: Split) -> Sequence[Any]:
    """Pictures as they are, recordings as the inputs that the board's front end makes of them."""
    if not isinstance(split.learned[0], Window):
        return split.learned[:CALIBRATION]
    feeder = Feeder(detector.spec)  # a detector of recordings hears
    inputs = [one.reshape(detector.spec.shape) for window in split.learned for one in feeder.inputs(window)]
    return [np.asarray(one, np.float32) for one in inputs[:CALIBRATION]]


def _judged(path: Path, split: Split, made_s: float) -> Run:
    predictor = Predictor.open(path)
    good, good_ms = _scores(predictor, split.good)
    bad, bad_ms = _scores(predictor, split.defective)
    limit = predictor.manifest.rule.threshold  # a detector's rule
    size = next(one.bytes for one in predictor.manifest.files if one.path == predictor.manifest.model_path)
    predictor.close()
    return Run(
        auroc=auroc(good, bad),
        escape_at_5_percent_overkill=escape_at_overkill(good, bad),
        overkill=float(np.mean(np.array(good) >= limit)),
        escape=float(np.mean(np.array(bad) < limit)),
        made_s=made_s,
        ms=statistics.median([*good_ms, *bad_ms]),
        model_bytes=size,
    )


def _scores(predictor: Predictor, parts: Sequence[Any]) -> tuple[list[float], list[float]]:
    scores, spent_ms = [], []
    for part in parts:
        started_ns = time.perf_counter_ns()
        scores.append(float(predictor.predict(part).values[0]))
        spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
    return scores, spent_ms
