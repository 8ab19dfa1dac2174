"""Goldens, threshold, bill of materials: what makes a judged artefact a bundle.

`model.*`, `manifest.json`, `golden/` and the bill of materials are the same bytes for the same inputs and form the
digest; times and measurements live in the card and the report, outside it.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.arena import plan_arena
from converters.artefact import with_artefact
from converters.bundle.float_tail import moved_by_one_step
from converters.load import EXPORT, LOWER
from converters.quantize.feeds import spread
from converters.tflite import read_tflite
from edge_contracts.bundle import LEARNED, Bundle, encode_manifest, file_entries
from edge_contracts.errors import RefusedError
from edge_contracts.known_parts import KNOWN_FOLDER
from edge_contracts.manifest import AnomalyRule, Golden, GoldenSet, Manifest, ProvenanceStep
from edge_runtime.infer.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converters.artefact import Artefact
    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from device_profiles.board import Profile

GOLDENS = 3
SBOM = "sbom.cdx.json"
FLOAT_SUFFIX = "-float"

KERNEL_HEADROOM = 2.0
"""A golden may differ by so many times what this machine's two kernels differ by, and by so many steps of the integers
that an output is stored in or made from: a board's kernels are a third kind, and round to neighbouring integers."""

RELATIVE_FLOOR = 2e-3
"""Least tolerance, as a share of the output's largest value: float kernels sum in different orders."""

MOST_APART = 0.25
"""Kernels may differ by this share of an output's reach; more and a golden with that tolerance would prove nothing.

Single scores of a detector on an integer backbone differ by a tenth between XNNPACK and the builtin kernels.
"""

INT8_STEPS = 255
TOOLS = {"tflite": ("lepton-edge", "numpy", "ai-edge-litert"), "onnx": ("lepton-edge", "numpy", "onnx", "onnxruntime")}
"""Distributions of this environment that make an artefact of each format."""

LOWERING_TOOLS = ("onnx", "onnxruntime")
"""What reads an ONNX model and folds its constants before it becomes TFLite."""


class KernelsDisagree(RefusedError, ValueError):
    """The artefact's answers depend on whose kernels run it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A bundle that can already be run, without goldens and threshold."""

    manifest: Manifest
    members: dict[str, bytes]

    def bundle(self) -> Bundle:
        """The draft as the predictor takes it."""
        digest = hashlib.sha256(encode_manifest(self.manifest)).hexdigest()
        return Bundle(self.manifest, digest, self.members)


def draft_bundle(source: Bundle, artefact: Artefact, profile: Profile, calibration: Mapping[str, str]) -> Draft:
    """The artefact with its manifest, as far as it is known before anything was run.

    Args:
        source: the float bundle.
        artefact: its network for the board.
        profile: the board.
        calibration: what the provenance says of the inputs: `calibration`, a sentence, and `calibration_sha256`, of
            their contents; empty for a draft that is only run.
    """
    model_path = source.manifest.model_path
    members = {model_path: artefact.model, SBOM: bill_of_materials(source, artefact)}
    members |= {LEARNED: source.members[LEARNED]} if LEARNED in source.members else {}
    members |= {path: content for path, content in source.members.items() if path.startswith(KNOWN_FOLDER)}
    step = ProvenanceStep(
        step="convert",
        tool=f"lepton-edge {version('lepton-edge')}",
        inputs={"model": hashlib.sha256(source.model).hexdigest(), **calibration},
        settings={**artefact.settings, "profile": profile.name},
    )
    fields = {name: getattr(source.manifest, name) for name in Manifest.model_fields}
    fields |= with_artefact(source.manifest, artefact)
    fields |= {
        "name": _converted_name(source.manifest.name),
        "profile": profile.name,
        "arena_bytes": _arena_bytes(source.manifest.runtime, artefact.model),
        "golden": None,
        "files": file_entries(members),
        "provenance": (*source.manifest.provenance, step),
    }
    return Draft(Manifest(**fields), members)


def _arena_bytes(runtime: str, model: bytes) -> int | None:
    """ONNX Runtime plans its memory when it loads a model; nothing can be said of it beforehand."""
    return plan_arena(read_tflite(model)).size if runtime == "tflite" else None


def complete(draft: Draft, samples: Sequence[Sample], comparison: Comparison | None) -> Draft:
    """Add goldens, and carry the threshold over to the artefact's own scores.

    The threshold moves by the geometric mean of artefact over float scores, because a detector's scores are lognormal.
    Without a comparison (the inputs were random) it stays.

    Raises:
        KernelsDisagree: this machine's two kernel sets answer so differently, or with NaN, that no golden would prove
            anything.
    """
    predictor, other = Predictor.load(draft.bundle()), Predictor.load(draft.bundle(), kernels="builtin")
    inputs = [_stored_input(predictor, sample) for sample in spread(samples, GOLDENS)]
    members = dict(draft.members)
    tolerance = _tolerances(predictor, other, inputs, _steps(draft, inputs))
    goldens = [_record(predictor, values, index, members, set(tolerance)) for index, values in enumerate(inputs)]
    recorded = GoldenSet(
        runtime=_runtime(predictor),
        runtime_version=predictor.backend.version,
        kernels=predictor.backend.kernels,
        machine=platform.machine(),
        tolerance=tolerance,
        goldens=tuple(goldens),
    )
    changes: dict[str, Any] = {"golden": recorded, "files": file_entries(members)}
    rule = draft.manifest.rule
    if isinstance(rule, AnomalyRule) and comparison is not None:
        ratio = _score_ratio(comparison)
        reference = rule.reference.scaled(ratio) if rule.reference else None
        changes["rule"] = AnomalyRule(threshold=rule.threshold * ratio, reference=reference)
    fields = {name: getattr(draft.manifest, name) for name in Manifest.model_fields} | changes
    return Draft(Manifest(**fields), members)


def _converted_name(name: str) -> str:
    """Without the `-float` that the float model's file has so as to stand beside the converted one."""
    return name.removesuffix(FLOAT_SUFFIX) or name


def bill_of_materials(source: Bundle, artefact: Artefact) -> bytes:
    """CycloneDX 1.6: the model, what it was made from, and what made it. No times, so it can be part of the digest."""
    model = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": source.manifest.name,
        "version": str(source.manifest.sequence),
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(artefact.model).hexdigest()}],
    }
    made_from = {
        "type": "machine-learning-model",
        "bom-ref": "float-model",
        "name": f"{source.manifest.name} (float)",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(source.model).hexdigest()}],
    }
    tools = [{"type": "application", "name": name, "version": number} for name, number in _tools(source.manifest)]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": model, "tools": {"components": tools}},
        "components": [made_from],
        "dependencies": [{"ref": "model", "dependsOn": ["float-model"]}],
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _tools(manifest: Manifest) -> list[tuple[str, str]]:
    """Name and version of each tool that took part; an exporter may have worked in another environment."""
    own = [*TOOLS[manifest.runtime]]
    own += LOWERING_TOOLS if any(step.step == LOWER for step in manifest.provenance) else ()
    told = (step.tool.partition(" ") for step in manifest.provenance if step.step == EXPORT)
    return [(name, version(name)) for name in own] + sorted({(name, number) for name, _, number in told})


def _stored_input(predictor: Predictor, sample: Sample) -> npt.NDArray[Any]:
    """The sample in the artefact's own input type, as the board's preprocessing makes it."""
    pixels = sample.pixels
    return predictor.stored(sample.values if pixels is None else pixels)


def _record(
    predictor: Predictor, values: npt.NDArray[Any], index: int, members: dict[str, bytes], recorded: set[str]
) -> Golden:
    answers = predictor.predict_tensor(values).outputs
    members[f"golden/{index}-input.npy"] = _npy(values)
    paths = {}
    for place, spec in enumerate(predictor.manifest.outputs):
        if spec.tensor not in recorded:
            continue
        paths[spec.tensor] = f"golden/{index}-output-{place}.npy"
        members[paths[spec.tensor]] = _npy(answers[spec.tensor])
    return Golden(input=f"golden/{index}-input.npy", outputs=paths)


def _steps(draft: Draft, inputs: list[npt.NDArray[Any]]) -> dict[str, float]:
    """How far one integer step moves each output: one of its own, or of the last integers before a part in float."""
    own = {spec.tensor: spec.quantisation.scale for spec in draft.manifest.outputs if spec.quantisation}
    if draft.manifest.runtime == "onnx":
        from converters.bundle.last_integers import last_steps  # noqa: PLC0415 - only ONNX models need the package

        return last_steps(draft.members[draft.manifest.model_path], inputs)
    moved = moved_by_one_step(read_tflite(draft.members[draft.manifest.model_path]), inputs)
    # What is moved before it is stored is rounded once more.
    return own | {name: step + own.get(name, 0.0) / 2 for name, step in moved.items()}


def _tolerances(
    one: Predictor, other: Predictor, inputs: list[npt.NDArray[Any]], steps: dict[str, float]
) -> dict[str, float]:
    """How far each output may lie from its golden; a heat map that depends on the kernels gets no golden."""
    tolerances = {}
    pairs = [(one.predict_tensor(values).outputs, other.predict_tensor(values).outputs) for values in inputs]
    for spec in one.manifest.outputs:
        # numpy's maximum of a NaN is NaN wherever it stands; Python's is not.
        with np.errstate(invalid="ignore"):
            apart = float(np.max([np.max(np.abs(a[spec.tensor] - b[spec.tensor])) for a, b in pairs]))
        largest = float(np.max([np.max(np.abs(a[spec.tensor])) for a, _ in pairs]))
        reach = max(largest, INT8_STEPS * (spec.quantisation.scale if spec.quantisation else 0.0))
        is_alike = np.isfinite(apart) and apart <= MOST_APART * reach
        if not is_alike and spec.role == "heat-map":
            continue
        if not is_alike:
            found = f"{apart:g} apart where it reaches {reach:g}" if np.isfinite(apart) else "NaN or infinite"
            raise KernelsDisagree(
                f"wanted two kernel sets that answer alike, found output {spec.tensor!r} {found} "
                f"({one.backend.kernels}, {other.backend.kernels}); the model is not fit to ship"
            )
        step = min(steps.get(spec.tensor, 0.0), MOST_APART * reach / KERNEL_HEADROOM)
        tolerances[spec.tensor] = max(KERNEL_HEADROOM * apart, KERNEL_HEADROOM * step, RELATIVE_FLOOR * largest)
    return tolerances


def _score_ratio(comparison: Comparison) -> float:
    usable = (comparison.scores > 0) & (comparison.scores_float > 0) & np.isfinite(comparison.scores)
    if not usable.any():
        return 1.0
    return float(np.exp(np.mean(np.log(comparison.scores[usable] / comparison.scores_float[usable]))))


def _runtime(predictor: Predictor) -> Any:
    return predictor.backend.runtime


def _npy(values: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
