"""A page to render: a real small detector, compared with itself on drawn pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.calibration.samples import picture_sample
from converters.gate.verify import Comparison
from converters.report import Page
from edge_contracts.bundle import read_bundle
from edge_contracts.card import Card, GateResult, Measurement, PrecisionShare
from edge_contracts.manifest import ClassRule, Manifest, Output
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle

HERE = "x86_64, 1 thread, not the board"


@dataclass(frozen=True, slots=True)
class Printed:
    """A page and the bundle that it is about."""

    page: Page
    bundle: Bundle


def card(verdict: str = "passed", **changes) -> Card:
    fields = {
        "created": datetime(2025, 3, 1, 12, tzinfo=timezone.utc),
        "tool": "lepton-edge 0",
        "profile": "rpi-4b",
        "calibration": "8 pictures from good",
        "gate": GateResult(verdict=verdict, samples=8),
        "precision": (
            PrecisionShare(precision="float32", operators=5, bytes=4),
            PrecisionShare(precision="int8", operators=0, bytes=12),
        ),
        "metrics": (
            Measurement(name="model_bytes", value=250_000, unit="B"),
            Measurement(name="float_model_bytes", value=1_000_000, unit="B"),
            Measurement(name="latency_ms", value=0.5, unit="ms", where=HERE),
            Measurement(name="float_latency_ms", value=1.0, unit="ms", where=HERE),
            Measurement(name="score_shift", value=0.004, unit="1"),
        ),
    }
    return Card(**(fields | changes))


@pytest.fixture
def detector(tmp_path) -> Printed:
    """Eight pictures, darker to brighter; the score is the brightness, the threshold 0.5."""
    path = tmp_path / "part.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.5))
    bundle = read_bundle(path)
    greys = np.linspace(20, 200, 8).astype(np.uint8)
    pictures = [np.full((120, 200, 3), grey, np.uint8) for grey in greys]
    samples = [picture_sample(pixels, bundle.manifest.input, f"part-{n}.png") for n, pixels in enumerate(pictures)]
    scores = greys.astype(np.float64) / 255
    comparison = Comparison(8, 40.0, scores, scores * 1.004, score_shift=0.004)
    return Printed(Page(bundle.manifest, card(), bundle.manifest, comparison, tuple(samples)), bundle)


@pytest.fixture
def classifier(detector) -> Printed:
    """The same pictures given to a classifier of two labels; the third input changed its class."""
    source = detector.bundle.manifest
    fields = {name: getattr(source, name) for name in Manifest.model_fields}
    fields |= {
        "task": "classification",
        "labels": ("good", "scratch"),
        "outputs": (Output(tensor="score", role="probabilities", shape=(1, 2), dtype="float32"),),
        "rule": ClassRule(good=("good",)),
    }
    manifest = Manifest(**fields)
    before = np.asarray([0, 0, 0, 1, 1, 0, 1, 0])
    after = before.copy()
    after[2] = 1
    scores = np.linspace(0.6, 0.99, 8)
    comparison = Comparison(8, 30.0, scores, scores - 0.01, agreement=7 / 8, classes_float=before, classes=after)
    return Printed(Page(manifest, card(), manifest, comparison, detector.page.samples), detector.bundle)
