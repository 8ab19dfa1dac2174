"""The card of a bundle: what was measured of the artefact beside the float model, what the gate said, what to know."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.gate.confusion import confusion
from converters.load import EXPORT, LOWER
from converters.remarks import (
    classes_note,
    comparison_notes,
    few_inputs,
    input_notes,
    kernels_note,
    slower_note,
    threshold_note,
    verdict_note,
)
from edge_contracts.card import Card, Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.artefact import Artefact
    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from device_profiles.board import Profile
    from edge_contracts.bundle import Bundle
    from edge_contracts.card import GateResult

_FORMS = {"tflite": "TFLite", "onnx": "ONNX"}


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything that the card and the page tell of.

    given: inputs that the user gave one by one. folder_note: why no accuracy was measured; empty where that is clear.
    """

    source: Bundle
    artefact: Artefact
    samples: Sequence[Sample]
    comparison: Comparison
    gate: GateResult
    float_ms: float
    artefact_ms: float
    peak_bytes: int
    given: int = 0
    folder_note: str = ""


def card_of(judged: Judged, profile: Profile, calibration: str) -> Card:
    """The card, with this moment's time; `calibration` says what the inputs were."""
    return Card(
        created=datetime.now(timezone.utc),
        tool=f"lepton-edge {version('lepton-edge')}",
        profile=profile.name,
        calibration=calibration,
        gate=judged.gate,
        precision=judged.artefact.shares,
        metrics=tuple(_measurements(judged)),
        notes=(*judged.artefact.notes, *_warnings(judged, profile)),
        details=_details(judged),
    )


def _details(judged: Judged) -> dict[str, Any]:
    """What the artefact's making found, and which classes were confused; random inputs stand for nothing."""
    found = confusion(judged.source.manifest, judged.comparison, judged.samples)
    details = {**judged.artefact.details, **({"confusion": found.as_document()} if found else {})}
    if judged.gate.verdict == "reported":
        details.pop("calibration", None)
    return details


def _warnings(judged: Judged, profile: Profile) -> list[str]:
    """What a person should know before shipping it; random inputs prove nothing that could be remarked on."""
    manifest = judged.source.manifest
    notes = [verdict_note(manifest), slower_note(judged.float_ms, judged.artefact_ms)]
    notes += [kernels_note(manifest.runtime, judged.artefact.precision, profile, judged.comparison)]
    if judged.gate.verdict != "reported":
        found = judged.artefact.details.get("calibration", {})
        notes += [judged.folder_note, few_inputs(judged.given)]
        notes += [classes_note(manifest, judged.comparison, judged.samples)]
        notes += [threshold_note(manifest, judged.comparison), *comparison_notes(judged.comparison, profile.limits)]
        notes += input_notes(judged.samples, manifest.input, found)
    return [note for note in notes if note]


def _measurements(judged: Judged) -> list[Measurement]:
    here = f"{platform.machine()}, 1 thread, not the board"
    comparison = judged.comparison
    figures = [
        Measurement(name="model_bytes", value=len(judged.artefact.model), unit="B"),
        Measurement(name="float_model_bytes", value=len(judged.source.model), unit="B", where=_form_of(judged.source)),
        Measurement(name="latency_ms", value=round(judged.artefact_ms, 4), unit="ms", where=here),
        Measurement(name="float_latency_ms", value=round(judged.float_ms, 4), unit="ms", where=here),
        Measurement(name="peak_memory_bytes", value=judged.peak_bytes, unit="B", where=here),
    ]
    shares = {"accuracy_float": comparison.accuracy_float, "auroc_float": comparison.auroc_float}
    figures += [Measurement(name=n, value=round(v, 6), unit="1") for n, v in shares.items() if v is not None]
    figures += _of_kernels(comparison, "")
    return figures + (_of_kernels(comparison.other, "_builtin") if comparison.other else [])


def _form_of(source: Bundle) -> str:
    """What was measured in place of the file that was given; empty where it was that file."""
    made = any(step.step in {EXPORT, LOWER} for step in source.manifest.provenance)
    return f"as {_FORMS[source.manifest.runtime]}, not the file that was given" if made else ""


def _of_kernels(comparison: Comparison, suffix: str) -> list[Measurement]:
    """What depends on whose kernels run the artefact."""
    where = f"{comparison.kernels} kernels"
    noise = round(comparison.signal_to_noise_db, 2)
    found = {"signal_to_noise_db": (noise, "dB")} if np.isfinite(noise) else {}
    shares = {
        "agreement": comparison.agreement,
        "expected_loss": comparison.expected_loss,
        "accuracy": comparison.accuracy,
        "score_shift": comparison.score_shift,
        "auroc": comparison.auroc,
    }
    found |= {n: (round(value, 6), "1") for n, value in shares.items() if value is not None and np.isfinite(value)}
    figures = [
        Measurement(name=f"{name}{suffix}", value=value, unit=unit, where=where)
        for name, (value, unit) in found.items()
    ]
    worst = comparison.worst_noise
    if np.isfinite(worst.signal_to_noise_db) and worst.signal_to_noise_db < comparison.signal_to_noise_db:
        value = round(worst.signal_to_noise_db, 2)
        figures.append(Measurement(name=f"part_signal_to_noise_db{suffix}", value=value, unit="dB", where=worst.where))
    return figures
