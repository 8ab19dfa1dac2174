"""What a person should know before shipping a bundle that the gate let pass, a sentence each, for the card's notes."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import numpy as np

from converters.calibration.class_folders import unnamed
from converters.calibration.samples import ADVISED_SAMPLES
from converters.gate.notes import chance_note, labels_note, undecided_note
from converters.gate.verify import LEAST_SIGNAL_TO_NOISE_DB, NO_CLASS, other_kernels_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from device_profiles.board import Limits, Profile
    from edge_contracts.manifest import ImageInput, Manifest, ModelInput

MOSTLY_CLIPPED = 0.5
"""Of the pixels, black or burnt out: above it the exposure is wrong or nothing was photographed."""

NEAR_THRESHOLD = 0.1
"""A highest score below this share of the threshold is not near it."""

HALF_AN_INPUT = 0.5
"""An accuracy is a share: counts of inputs are compared with so much room for rounding."""

SLOWER_RATIO = 1.1
SLOWER_MS = 0.1
"""A median that is longer by less, as a ratio or in milliseconds, may be so by chance."""


def slower_note(float_ms: float, artefact_ms: float) -> str:
    """A sentence where the artefact is slower than the float model here; else empty."""
    if artefact_ms < SLOWER_RATIO * float_ms or artefact_ms - float_ms < SLOWER_MS:
        return ""
    return (
        f"slower than float on this machine ({float_ms:.3f} to {artefact_ms:.3f} ms): int8 pays where the board has "
        "kernels for it; measure it there"
    )


def verdict_note(manifest: Manifest) -> str:
    """A sentence where no station can inspect with the bundle; empty where it judges."""
    if manifest.rule.kind != "none":
        return ""
    if manifest.task != "classification":
        return "it measures and does not judge: no station can inspect with it"
    labels = "" if manifest.labels != unnamed(len(manifest.labels)) else "its classes with --labels and "
    return f"it measures and does not judge: name {labels}the good ones with --good"


def kernels_note(runtime: str, precision: str, profile: Profile, comparison: Comparison) -> str:
    """A sentence where ONNX Runtime's int8 kernels for another processor than the board's were judged; else empty.

    Args:
        runtime: of the artefact, as a manifest names it.
        precision: of its weights, likewise.
        profile: the board.
        comparison: what its answers were.
    """
    is_here = profile.cpu.architecture == platform.machine() and profile.accelerator is None
    if runtime != "onnx" or precision not in {"int8", "mixed"} or is_here:
        return ""
    return (
        f"the gate judged {comparison.kernels}, of this machine: like those of {profile.name} they sum int8 products "
        "exactly; the builtin ones beside them compute the file node by node, alike on every machine"
    )


def comparison_notes(comparison: Comparison, limits: Limits) -> list[str]:
    """What the figures of the gate do not say by themselves."""
    told = (labels_note, undecided_note, noise_note, chance_note)
    notes = (other_kernels_note(comparison, limits), *(note(comparison) for note in told))
    return [note for note in notes if note]


def classes_note(manifest: Manifest, comparison: Comparison, samples: Sequence[Sample]) -> str:
    """A sentence where the float classifier's own answers are so poor or so alike that agreeing proves little."""
    found = comparison.classes_float
    if found is None:
        return ""
    one = manifest.labels[int(found[0])] if len(set(found.tolist())) == 1 and found[0] != NO_CLASS else ""
    labels = [sample.label for sample in samples if sample.label in manifest.labels]
    most, right = max(map(labels.count, set(labels)), default=0), comparison.accuracy_float
    if right is not None and len(set(labels)) > 1 and right * len(labels) <= most + HALF_AN_INPUT:
        told = f"calls every input {one!r}" if one else f"is right on {100 * right:.1f} % of the labelled inputs"
        return (
            f"the float model itself {told}, no better than a guess: agreeing with it proves nothing; check the order "
            "of --labels, and how it wants its inputs (--pixel-range, --mean, --std, --colour)"
        )
    if one and len(set(labels)) != 1:
        return f"the float model itself calls every input {one!r}: agreeing says nothing of other classes; add theirs"
    return ""


def noise_note(comparison: Comparison) -> str:
    """A sentence where a classifier keeps its class and loses its probabilities; else empty."""
    if comparison.agreement is None or not -np.inf < comparison.signal_to_noise_db < LEAST_SIGNAL_TO_NOISE_DB:
        return ""
    return (
        f"the probabilities of the converted model carry {comparison.signal_to_noise_db:.1f} dB of signal over noise, "
        f"less than {LEAST_SIGNAL_TO_NOISE_DB:g}: the same class says little where all of them are small or alike, and "
        "limits on them (min_confidence, thresholds) mean little"
    )


def threshold_note(manifest: Manifest, comparison: Comparison) -> str:
    """A sentence where no input that was given comes near the threshold, or every one reaches it; else empty."""
    rule, scores = manifest.rule, comparison.scores_float
    if rule.kind != "anomaly" or not scores.size or not np.isfinite(scores).all():
        return ""
    if scores.max() < NEAR_THRESHOLD * rule.threshold:
        return (
            f"no input comes near the threshold of {rule.threshold:.4g}: the highest score is {scores.max():.4g}. Such "
            "a bundle may never find a defect; give inputs with defects, or another threshold"
        )
    if scores.min() >= rule.threshold:
        return (
            f"every input reaches the threshold of {rule.threshold:.4g}: the lowest score is {scores.min():.4g}. Such "
            "a bundle may call every part a defect; give good ones, or another threshold"
        )
    return ""


def few_inputs(count: int) -> str:
    """What to do about so few inputs that a verdict on them proves little; empty where they are enough.

    Args:
        count: inputs that were given one by one: sounds, not the windows that they were cut into.
    """
    if count >= ADVISED_SAMPLES:
        return ""
    return f"compared on {count} input{'' if count == 1 else 's'} only: give {ADVISED_SAMPLES} or more"


def input_notes(samples: Sequence[Sample], spec: ModelInput, calibration: Mapping[str, Any]) -> list[str]:
    """What makes inputs worth little: copies, pictures without light or without detail.

    Args:
        samples: the inputs.
        spec: of the float model.
        calibration: `card.details["calibration"]`, empty where nobody looked.
    """
    notes = [_small(samples, spec)] if spec.kind == "image" else []
    copies = calibration.get("inputs", 0) - calibration.get("distinct", 0)
    if copies and calibration["advised_more"]:
        notes.append(
            f"{copies} of {calibration['inputs']} inputs are near copies of others: "
            f"give {calibration['advised_more']} more that differ"
        )
    if (calibration.get("clipped") or 0.0) > MOSTLY_CLIPPED:
        clipped = 100 * calibration["clipped"]
        notes.append(f"{clipped:.0f} % of the pixels given prove nothing, black or burnt out: check the exposure")
    return [note for note in notes if note]


def _small(samples: Sequence[Sample], spec: ImageInput) -> str:
    sizes = [sample.size_px for sample in samples if sample.size_px]
    small = [size for size in sizes if size[0] < spec.height_px and size[1] < spec.width_px]
    if not small:
        return ""
    height, width = min(small)
    return (
        f"{len(small)} of {len(sizes)} pictures are smaller than the model's input of {spec.width_px}×{spec.height_px} "
        f"px, the smallest {width}×{height}: give them as the camera takes them"
    )
