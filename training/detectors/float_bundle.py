"""A learned detector as a float bundle: what `lepton train` writes and `lepton convert` reads.

`float32` says what kind of bundle it is: for no board yet. The card says how much of a cut classifier is integer.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal

from converters.artefact import precision_shares
from converters.tflite import write_tflite
from edge_contracts.bundle import CARD, LEARNED, file_entries
from edge_contracts.card import Card, Measurement
from edge_contracts.manifest import AnomalyRule, ImageInput, Manifest, Output, ProvenanceStep
from training.detectors.detector_graph import HEAT_MAP, SCORE
from training.detectors.known_parts import known_members
from training.detectors.threshold import score_reference
from training.detectors.threshold_notes import threshold_notes
from training.features.part_features import PART_FEATURES, with_part_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from training.checks.learned_parts import LearnedParts
    from training.detectors.learn import Detector

NO_PROFILE = "none"
PHOTOGRAPHS = "photographs"
"""Key of the learned good pictures' digest among the training step's inputs."""

DEFECTS = "defects"
"""The same for the learned defective ones."""

DATASET = "dataset"
"""Key of the whole dataset's version, with what was not learned."""

MODEL = "model.tflite"
ROLES: Final[dict[str, Literal["score", "heat-map", "features"]]] = {
    SCORE: "score",
    HEAT_MAP: "heat-map",
    PART_FEATURES: "features",
}
LONGEST_NAME = 32


def float_bundle(
    detector: Detector,
    *,
    name: str,
    inputs: dict[str, str],
    settings: dict[str, Any],
    created: datetime,
    learned: LearnedParts | None = None,
    good: Sequence[npt.NDArray[np.uint8]] = (),
    defective: Sequence[npt.NDArray[np.uint8]] = (),
    notes: Sequence[str] = (),
) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the members that `edge_contracts.bundle.write_bundle` takes.

    Args:
        detector: what was learned.
        name: the bundle's name, `[a-z0-9-]`, at most 32 characters.
        inputs: what it was learned from, name to digest.
        settings: how.
        created: time of making; stands in the card only, outside the digest.
        learned: by what the parts are known again; None where nobody will ask.
        good: photographs of good parts that a board which is taught shall know, H×W×3 uint8 RGB; with none, and for
            sounds, the bundle cannot be taught.
        defective: the same of defects, to be shown beside what looks like them.
        notes: sentences for the card, beside its own.
    """
    spec = detector.spec
    is_taught = bool(len(good)) and isinstance(spec, ImageInput)
    graph = with_part_features(detector.graph) if is_taught else detector.graph
    model = write_tflite(graph)
    known = known_members(model, spec, good, defective) if is_taught and isinstance(spec, ImageInput) else {}
    members = {MODEL: model, **known, **({LEARNED: learned.encoded()} if learned else {})}
    manifest = Manifest(
        name=name,
        sequence=1,
        task="anomaly",
        precision="float32",
        profile=NO_PROFILE,
        runtime="tflite",
        input=detector.spec,
        outputs=(
            Output(tensor=tensor, role=role, shape=graph.tensors[tensor].shape, dtype="float32")
            for tensor, role in ROLES.items()
            if tensor in graph.outputs
        ),
        rule=AnomalyRule(threshold=detector.threshold.value, reference=score_reference(detector.good_scores)),
        operators=dict(sorted(Counter(one.kind for one in graph.operators).items())),
        files=file_entries(members),
        provenance=(ProvenanceStep(step="train", tool=_tool(), inputs=inputs, settings=settings),),
    )
    return manifest, members | {CARD: _card(detector, model, created, notes).model_dump_json(indent=2).encode()}


def bundle_name(path: Path) -> str:
    """A bundle's name from its file's: `Part_A.bundle` becomes `part-a`."""
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    return slug[:LONGEST_NAME].strip("-") or "detector"


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over the files' own digests, in the given order: the identity of a set of pictures."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _card(detector: Detector, model: bytes, created: datetime, notes: Sequence[str]) -> Card:
    limit = detector.threshold
    return Card(
        created=created,
        tool=_tool(),
        profile=NO_PROFILE,
        calibration=f"{limit.samples} photographs of good parts",
        precision=precision_shares(detector.graph),
        metrics=(
            Measurement(name="threshold", value=limit.value, unit="score", low=limit.low, high=limit.high),
            Measurement(
                name="expected_overkill",
                value=limit.overkill,
                unit="share",
                how="estimated",
                low=limit.overkill_low,
                high=limit.overkill_high,
            ),
            Measurement(name="model_bytes", value=len(model), unit="bytes"),
        ),
        notes=(*threshold_notes(limit), *notes),
        details={"good_scores": list(detector.good_scores), "selection": asdict(detector.selection)},
    )


def _tool() -> str:
    return f"lepton-edge {version('lepton-edge')}"
