from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge_contracts.manifest import ClassRule, FileEntry, Manifest, Output, TensorInput
from edge_runtime.frames import Scores
from training.dataset import Sample
from training.robustness.suite import figures_of

MANIFEST = Manifest(
    name="part",
    sequence=1,
    task="classification",
    labels=("good", "dent"),
    precision="float32",
    profile="none",
    runtime="tflite",
    input=TensorInput(tensor="x", shape=(1, 4), dtype="float32"),
    outputs=(Output(tensor="y", role="probabilities", shape=(1, 2), dtype="float32"),),
    rule=ClassRule(good=("good",)),
    files=(FileEntry(path="model.tflite", bytes=1, sha256="0" * 64),),
)
BROKEN = 255


@dataclass
class FirstPixel:
    """A predictor that takes a part for the better, the smaller its first pixel; at 255 it answers nonsense."""

    manifest: Manifest = MANIFEST

    def predict(self, pixels: np.ndarray) -> Scores:
        pixel = int(pixels.flat[0])
        good = np.inf if pixel == BROKEN else 1 - pixel / 10
        return Scores(np.array([good, 1 - good], np.float32), None, {})


@pytest.mark.parametrize(
    ("good", "defective", "auroc", "overkill", "escape"),
    [
        ((1, 2), (8, BROKEN), 1.0, 0.0, 0.0),
        ((1, BROKEN), (8, 9), 0.5, 0.5, 0.0),
        ((1, 2), (1, 9), 0.625, 0.0, 0.5),
    ],
)
def test_a_part_without_a_score_is_the_worst_of_all(
    good: tuple[int, ...], defective: tuple[int, ...], auroc: float, overkill: float, escape: float
) -> None:
    samples = [Sample(Path("a.png"), "good")] * len(good) + [Sample(Path("b.png"), "dent")] * len(defective)
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in (*good, *defective)]
    figures = figures_of(FirstPixel(), samples, pictures)  # type: ignore[arg-type]
    assert (figures.auroc, figures.overkill, figures.escape) == (auroc, overkill, escape)
