"""`lepton train` and `lepton evaluate`."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.bundle import require_bundle_name, write_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.manifest import Manifest
    from training.dataset import Sample
    from training.detectors.learn import Backbone, Detector
    from training.evaluation import Evaluation

NAMED_ESCAPES = 10
TRAIN_SPLIT = "train"
TEST_SPLIT = "test"
LEARNED_NOTE = "\nnote: these good pictures were learned from, so the figures flatter; judge on others"


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the float bundle.")
@click.option("--backbone", type=click.Path(path_type=Path), help="A quantised classifier (.tflite) to see with.")
@click.option("--seed", default=0, show_default=True, help="Shuffles the cross-validation.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def train(source: Path, output: Path, backbone: Path | None, seed: int, *, as_json: bool) -> None:
    """Learn a defect detector from photographs of good parts.

    SOURCE is a folder of good parts, a folder per class with one called good or normal, or a CSV manifest with the
    columns path, label and optionally group and split (then rows with split `train` are learned). MVTec's, COCO's and
    YOLO's layouts and the manager's labels.zip are read too. Only good parts are learned; twenty or more are advised.
    """
    from training.dataset import Photographs, dataset_version, groups_of, read_dataset  # noqa: PLC0415 - --help needs no OpenCV
    from training.dataset.picture_names import doubtful_names  # noqa: PLC0415 - the same
    from training.detectors.float_bundle import DATASET, PHOTOGRAPHS, digest_of  # noqa: PLC0415 - the same
    from training.detectors.learn import learn  # noqa: PLC0415 - the same

    require_bundle_name(output)
    dataset = read_dataset(source)
    samples = _good_to_learn(dataset, source)
    lent = _backbone(backbone)
    started_s = time.monotonic()
    with progress_bar("learning", len(samples), quiet=as_json) as advance:
        detector = learn(Photographs(samples), groups=groups_of(samples), backbone=lent, seed=seed, progress=advance)
    spent_s = time.monotonic() - started_s
    inputs = {DATASET: dataset_version(dataset), PHOTOGRAPHS: digest_of(one.path for one in samples)}
    manifest, members = _packed(detector, output, inputs, lent, seed)
    digest = write_bundle(output, manifest, members)
    document = _trained(detector, manifest, output, digest, spent_s) | {"note": doubtful_names(samples)}
    click.echo(json.dumps(document, indent=2) if as_json else _trained_text(document))


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--data", "source", required=True, type=click.Path(path_type=Path), help="Folder per class, or manifest.")
@click.option("--split", help="Judge rows of this split only; `test` by default where the manifest has such rows.")
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite", "onnx"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def evaluate(bundle: Path, source: Path, split: str | None, runtime: str, *, as_json: bool) -> None:
    """Score BUNDLE on labelled pictures.

    Says the AUROC, the escape at 5 % overkill, and what the bundle's own threshold does.
    """
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - --help needs no runtime
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.detectors.float_bundle import was_learned_from  # noqa: PLC0415 - the same
    from training.evaluation import evaluate_samples  # noqa: PLC0415 - the same

    predictor = Predictor.open(bundle, runtime=runtime)
    samples, chosen = _to_judge(read_dataset(source), split, source)
    with progress_bar("judging", len(samples), quiet=as_json) as advance:
        evaluation = evaluate_samples(predictor, samples, monotonic_ns=time.monotonic_ns, progress=advance)
    learned = was_learned_from(predictor.manifest, (one.path for one in samples if one.is_good))
    backend = predictor.backend
    document = {
        "bundle": {"name": predictor.manifest.name, "digest": predictor.digest, "path": str(bundle)},
        "data": {"path": str(source), "split": chosen, "good_were_learned": learned},
        "runtime": {"name": backend.runtime, "version": backend.version, "kernels": backend.kernels},
        "rule": predictor.manifest.rule.model_dump(mode="json"),
        **evaluation.document(),
    }
    text = _evaluated_text(predictor.manifest, evaluation, chosen) + (LEARNED_NOTE if learned else "")
    click.echo(json.dumps(document, indent=2) if as_json else text)


def _good_to_learn(samples: Sequence[Sample], source: Path) -> list[Sample]:
    has_splits = any(one.split for one in samples)
    chosen = [one for one in samples if one.is_good and (not has_splits or one.split == TRAIN_SPLIT)]
    if not chosen:
        where = f" with split {TRAIN_SPLIT!r}" if has_splits else ""
        raise BadInputError(
            f"wanted rows labelled good or normal{where} in {source}, found none among {len(samples)}; label good parts"
        )
    return chosen


def _to_judge(samples: Sequence[Sample], split: str | None, source: Path) -> tuple[list[Sample], str | None]:
    found = sorted({one.split for one in samples if one.split})
    chosen = split or (TEST_SPLIT if TEST_SPLIT in found else None)
    if chosen is None:
        return list(samples), None
    if chosen not in found:
        raise BadInputError(f"wanted rows with split {chosen!r} in {source}, found {', '.join(found) or 'no splits'}")
    return [one for one in samples if one.split == chosen], chosen


def _backbone(path: Path | None) -> Backbone | None:
    from training.detectors.learn import Backbone  # noqa: PLC0415 - as above

    if path is None:
        return None
    try:
        return Backbone(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInputError(
            f"wanted a quantised classifier (.tflite) for --backbone, found that {path} cannot be read "
            f"({error.strerror}); check the path"
        ) from error


def _packed(
    detector: Detector, output: Path, inputs: dict[str, str], lent: Backbone | None, seed: int
) -> tuple[Manifest, dict[str, bytes]]:
    from training.detectors.float_bundle import bundle_name, float_bundle  # noqa: PLC0415 - as above

    if lent is not None:
        inputs["backbone"] = hashlib.sha256(lent.model).hexdigest()
    settings = {
        "detector": detector.selection.kind,
        "layer_stride_px": detector.selection.stride_px,
        "features": detector.method,
        "photographs": len(detector.good_scores),
        "copies_of_each": detector.copies,
        "seed": seed,
        "overkill": detector.threshold.overkill,
    }
    name, now = bundle_name(output), datetime.now(timezone.utc)
    return float_bundle(detector, name=name, inputs=inputs, settings=settings, created=now)


def _trained(detector: Detector, manifest: Manifest, output: Path, digest: str, spent_s: float) -> dict[str, Any]:
    limit = detector.threshold
    return {
        "bundle": str(output),
        "name": manifest.name,
        "digest": digest,
        "features": detector.method,
        "photographs": len(detector.good_scores),
        "copies_of_each": detector.copies,
        "input": detector.input_size,
        "threshold": {"value": limit.value, "low": limit.low, "high": limit.high},
        "overkill": {"expected": limit.overkill, "low": limit.overkill_low, "high": limit.overkill_high},
        "model_bytes": next(entry.bytes for entry in manifest.files if entry.path == manifest.model_path),
        "seconds": round(spent_s, 2),
    }


def _trained_text(document: dict[str, Any]) -> str:
    limit, overkill, size = document["threshold"], document["overkill"], document["input"]
    looked_at = f"{'×'.join(map(str, size.values()))} {'px' if 'width_px' in size else 'spectra and bands'}"
    return "\n".join(
        (
            f"learned {document['photographs']} good parts in {document['seconds']:.1f} s "
            f"({document['features']} features, {looked_at}, "
            f"{document['copies_of_each']} copies of each)",
            f"threshold {limit['value']:.3f} (90 % interval {limit['low']:.3f} to {limit['high']:.3f})",
            f"expected overkill {overkill['expected']:.0%} (90 % interval {overkill['low']:.1%} to "
            f"{overkill['high']:.1%}), if the line stays as photographed",
            f"wrote {document['bundle']}: model {document['model_bytes']:,} bytes; next: lepton convert",
            *([f"note: {document['note']}"] if document["note"] else []),
        )
    )


def _evaluated_text(manifest: Manifest, evaluation: Evaluation, split: str | None) -> str:
    good = sum(one.is_good for one in evaluation.judged)
    where = f", split {split}" if split else ""
    return "\n".join(
        (
            f"{manifest.name}: {good} good and {len(evaluation.judged) - good} defective pictures{where}",
            f"AUROC {_share(evaluation.auroc, 4)}",
            f"escape at 5 % overkill {_share(evaluation.escape_at_5_percent_overkill)}",
            f"at the bundle's own threshold: overkill {_share(evaluation.overkill)}, "
            f"escape {_share(evaluation.escape)}",
            f"{evaluation.ms_per_picture:.2f} ms per picture",
            *_advice(manifest, evaluation),
        )
    )


def _advice(manifest: Manifest, evaluation: Evaluation) -> list[str]:
    """Which defects passed, and the threshold that a station could take instead."""
    escaped = [Path(path).name for path in evaluation.escaped]
    more = f" and {len(escaped) - NAMED_ESCAPES} more" if len(escaped) > NAMED_ESCAPES else ""
    lines = [f"called good though defective: {', '.join(escaped[:NAMED_ESCAPES])}{more}"] if escaped else []
    suggested = evaluation.suggested_threshold
    if isinstance(manifest.rule, AnomalyRule) and suggested is not None and evaluation.auroc is not None:
        lines.append(
            f"5 % overkill on these good pictures is a threshold of {suggested:.4g} (the bundle has "
            f"{manifest.rule.threshold:.4g}); 'threshold = {suggested:.4g}' in station.toml sets it"
        )
    return lines


def _share(value: float | None, digits: int = 3) -> str:
    return "not known (one kind of picture is missing)" if value is None else f"{value:.{digits}f}"
