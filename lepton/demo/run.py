"""The whole way on drawn parts: photographs, training, conversion, the line, the alerts, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.conversion import convert
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle, write_bundle
from edge_contracts.whole_file import write_whole
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.infer.predictor import Predictor
from fleet_manager.loopback_broker import loopback_broker
from lepton.demo.film import Film
from lepton.demo.line import run_line, write_station
from lepton.demo.outcome import Outcome, count
from lepton.demo.recording import write_film, write_jpeg, write_photographs, write_stills
from lepton.demo.sheet import judged_sheet
from training.backbone.own import NAME as OWN
from training.backbone.own import own_backbone
from training.detectors.float_bundle import PHOTOGRAPHS, digest_of, float_bundle
from training.detectors.learn import Backbone, learn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from converters.conversion import Conversion

    Tell = Callable[[str, float], None]

PHOTOGRAPHED = 40
BOARD = "rpi-4b"


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What to draw, and where to put it."""

    folder: Path
    kind: str = "bracket"
    seed: int = 7
    parts: int = 60
    defect_rate: float = 0.25
    broker: str = "auto"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came of it.

    outcome: the counts. conversion: sizes, speed and the gate. broker: which one carried the alerts.
    """

    plan: DemoPlan
    outcome: Outcome
    conversion: Conversion
    broker: str


def run_demo(plan: DemoPlan, now: datetime, tell: Tell) -> DemoResult:
    """Run the demo in `plan.folder`, which must be empty or absent.

    Args:
        plan: what to draw.
        now: the wall clock, for the float bundle's card.
        tell: told the stage and the fraction of it that is done.

    Raises:
        LeptonError: a stage said no; its message says what to do.
        OSError: the disk refuses.
    """
    folder = plan.folder
    photographs = folder / "good"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = write_photographs(
        photographs, PHOTOGRAPHED, seed=plan.seed, kind=plan.kind, progress=_stage(tell, "photograph good parts")
    )
    learned = _learn(pictures, folder, now, tell)
    bundle = folder / "part.bundle"
    conversion = convert(
        learned,
        profile=load_profile(BOARD),
        calibration=str(photographs),
        out=bundle,
        progress=_within(tell, "convert"),
    )
    write_whole(folder / "report.html", read_bundle(bundle).members["report.html"])
    film = Film(seed=plan.seed, kind=plan.kind, parts=plan.parts, defect_rate=plan.defect_rate)
    movie = folder / "film.avi"
    centred = write_film(film, movie, progress=_stage(tell, "film the line"))
    with loopback_broker(folder, plan.broker) as broker:
        station = write_station(folder / "station.toml", bundle=bundle, film=movie, broker=broker)
        told = _stage(tell, "inspect")
        record = run_line(station, folder / "alerts.sqlite", broker, lambda done: told(done, plan.parts))
    write_stills(centred, folder / "parts")
    write_jpeg(folder / "parts.jpg", judged_sheet(centred, Predictor.open(bundle)))
    return DemoResult(plan, count(film.truth, record.judged, record.stored_parts), conversion, broker.name)


def _learn(pictures: list[Path], folder: Path, now: datetime, tell: Tell) -> Path:
    frames = [read_picture(path) for path in pictures]
    told = _stage(tell, "learn what good is")
    lent = Backbone(own_backbone(), OWN)
    detector = learn(frames, backbone=lent, progress=lambda done: told(done, len(frames)))
    manifest, members = float_bundle(
        detector, name="drawn-part", inputs={PHOTOGRAPHS: digest_of(pictures)}, settings={"demo": True}, created=now
    )
    path = folder / "part-float.bundle"
    write_bundle(path, manifest, members)
    return path


def _stage(tell: Tell, name: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(name, done / total)


def _within(tell: Tell, name: str) -> Tell:
    return lambda stage, done: tell(f"{name}: {stage}", done)
