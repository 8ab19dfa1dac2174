"""On every folder of real photographs the running daemon says what the offline predictor says, frame for frame."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.bundle import file_entries, write_bundle
from edge_contracts.manifest import ClassRule, ImageInput, Manifest, Output
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Ruling
from tests.fakes.detectors import write_coco_bundle, write_face_bundle
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

pytestmark = pytest.mark.live

SUFFIXES = {".jpg", ".png", ".bmp"}
FOLDERS = (
    "coral-test-data",
    "defect-aliens/normal",
    "defect-aliens/anomaly",
    "defect-cookies/train",
    "defect-cookies/masks",
    "defect-deeppcb",
    "tflite-micro",
    "tflite-support",
)
"""All folders of the shared data that hold pictures."""

POINT = """
[[points]]
name = "folder-{number}"
bundle = "part.bundle"
source = {{ kind = "folder", path = "{folder}" }}
deadline_ms = 120000
health = {{ dark_mean = 0, bright_mean = 255 }}
"""
COMPARED = ("outcome", "cause", "reason", "label", "score", "threshold", "model")


def write_classifier(path: Path, data: Path) -> None:
    """MobileNetV2 of ImageNet, uint8; animals and flowers are good."""
    members = {"model.tflite": (data / "coral-test-data" / "mobilenet_v2_1.0_224_quant.tflite").read_bytes()}
    labels = tuple(str(number) for number in range(1001))
    quantisation = {"scale": 1 / 128, "zero_point": 128}
    manifest = Manifest(
        name="imagenet",
        sequence=1,
        task="classification",
        labels=labels,
        precision="int8",
        profile="none",
        runtime="tflite",
        input=ImageInput(
            tensor="input",
            height_px=224,
            width_px=224,
            dtype="uint8",
            mean=(128.0,),
            std=(128.0,),
            quantisation=quantisation,
        ),
        outputs=(
            Output(
                tensor="MobilenetV2/Predictions/Softmax",
                role="probabilities",
                shape=(1, 1001),
                dtype="uint8",
                quantisation={"scale": 1 / 256, "zero_point": 0},
            ),
        ),
        rule=ClassRule(good=labels[:400], min_confidence=0.2, thresholds={"986": 0.3}),
        files=file_entries(members),
    )
    write_bundle(path, manifest, members)


BUNDLES: dict[str, tuple[Callable[[Path, Path], object], tuple[str, ...]]] = {
    "heat-map": (lambda path, _: write_brightness_bundle(path, BundleRecipe(threshold=0.5)), FOLDERS),
    "classifier": (write_classifier, FOLDERS),
    "detector-onnx": (lambda path, data: write_face_bundle(path, data, with_priors=False), FOLDERS),
    "detector-priors": (lambda path, data: write_face_bundle(path, data, with_priors=True), FOLDERS[:4]),
    "detector-listed": (write_coco_bundle, ("coral-test-data", "tflite-support")),
}
"""Every kind of rule and runtime; the slowest on the folders where it sees what it knows."""


@lru_cache(maxsize=600)
def picture(path: Path) -> npt.NDArray[np.uint8]:
    return read_picture(path)


def photographs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def offline(bundle: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """What the predictor and the bundle's own rule say of each picture."""
    predictor = Predictor.open(bundle)
    manifest = predictor.manifest
    ruling = Ruling(manifest.rule, manifest.labels)
    said = {}
    for path in photographs(folder):
        decision = decide(predictor.predict(picture(path)), ruling)
        values = (decision.outcome.value, decision.cause.value, decision.reason, decision.label)
        said[path.name] = dict(
            zip(COMPARED, (*values, decision.score, decision.threshold, predictor.digest), strict=True)
        )
    predictor.close()
    return said


def on_board(folder: Path, sources: list[Path]) -> dict[str, dict[str, dict[str, Any]]]:
    """What `lepton run` says, by point and picture."""
    head = '[station]\norg = "acme"\nsite = "north"\ndevice = "line-1"\n'
    points = [POINT.format(number=number, folder=source) for number, source in enumerate(sources)]
    station = folder / "station.toml"
    station.write_text(head + "".join(points) + "\n[evidence]\nenabled = false\n")
    command = [sys.executable, "-m", "lepton", "run", str(station), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    said: dict[str, dict[str, dict[str, Any]]] = {}
    for line in done.stdout.splitlines():
        verdict = json.loads(line)
        said.setdefault(verdict["point"], {})[verdict["part"]] = {key: verdict[key] for key in COMPARED}
    return said


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_daemon_says_of_every_photograph_what_the_predictor_says(kind: str, data: Path, tmp_path: Path) -> None:
    write, folders = BUNDLES[kind]
    write(tmp_path / "part.bundle", data)
    said = on_board(tmp_path, [data / folder for folder in folders])
    outcomes: set[str] = set()
    for number, folder in enumerate(folders):
        wanted = offline(tmp_path / "part.bundle", data / folder)
        assert wanted, folder
        assert said[f"folder-{number}"] == wanted, folder
        outcomes |= {one["outcome"] for one in wanted.values()}
    assert {"good", "defect"} <= outcomes
