"""`lepton train`."""

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
from training.finetune.options import network_options
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.manifest import Manifest
    from training.dataset import Sample
    from training.detectors.learn import Backbone, Detector

TRAIN_SPLIT = "train"


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the float bundle.")
@click.option("--backbone", type=click.Path(path_type=Path), help="A quantised classifier (.tflite) to see with.")
@network_options
@click.option("--seed", default=0, show_default=True, help="Of all that is random.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def train(
    source: Path,
    output: Path,
    backbone: Path | None,
    network: str | None,
    course: Path | None,
    checkpoints: Path | None,
    curves: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Learn a defect detector from photographs of good parts.

    SOURCE is a folder of good parts, a folder per class with one called good or normal, or a CSV manifest with the
    columns path, label and optionally group and split (then rows with split `train` are learned). MVTec's, COCO's and
    YOLO's layouts and the manager's labels.zip are read too. Only good parts are learned; twenty or more are advised.

    With --network a whole network learns to tell the classes of SOURCE apart, as the course says; good or normal let a
    part pass.
    """
    if network is not None or course or checkpoints or curves:
        from training.finetune.command import Wish, train_network  # noqa: PLC0415 - for networks alone

        train_network(source, output, Wish(network, course, checkpoints, curves, seed), backbone, as_json=as_json)
        return
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


def _good_to_learn(samples: Sequence[Sample], source: Path) -> list[Sample]:
    has_splits = any(one.split for one in samples)
    chosen = [one for one in samples if one.is_good and (not has_splits or one.split == TRAIN_SPLIT)]
    if not chosen:
        where = f" with split {TRAIN_SPLIT!r}" if has_splits else ""
        raise BadInputError(
            f"wanted rows labelled good or normal{where} in {source}, found none among {len(samples)}; label good parts"
        )
    return chosen


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
