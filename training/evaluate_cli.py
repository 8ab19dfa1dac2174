"""`lepton evaluate`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.errors import BadInputError
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Sample

TEST_SPLIT = "test"
LEARNED_NOTE = "note: these {} pictures were learned from, so the figures flatter; judge on others"


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--data", "source", required=True, type=click.Path(path_type=Path), help="Folder per class, or manifest.")
@click.option("--split", help="Judge rows of this split only; `test` by default where the manifest has such rows.")
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite", "onnx"]))
@click.option("--report", type=click.Path(path_type=Path), help="Also write one HTML page: charts and worst pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def evaluate(
    bundle: Path, source: Path, split: str | None, runtime: str, report: Path | None, *, as_json: bool
) -> None:
    """Score BUNDLE on labelled pictures.

    Says the AUROC, the escape at 5 % overkill, and what the bundle's own threshold does, each with the interval that so
    few pictures leave open, and the same for each label. SOURCE is read as by lepton train; rows with split `test` are
    judged where there are such rows, else all of them.
    """
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - --help needs no runtime
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.detectors.float_bundle import DEFECTS, PHOTOGRAPHS, was_learned_from  # noqa: PLC0415 - the same
    from training.evaluation import evaluate_samples  # noqa: PLC0415 - the same
    from training.evaluation_text import evaluation_text  # noqa: PLC0415 - the same
    from training.report.prospect import prospects  # noqa: PLC0415 - the same

    predictor = Predictor.open(bundle, runtime=runtime)
    samples, chosen = _to_judge(read_dataset(source), split, source)
    with progress_bar("judging", len(samples), quiet=as_json) as advance:
        evaluation = evaluate_samples(predictor, samples, monotonic_ns=time.monotonic_ns, progress=advance)
    learned = {
        kind: was_learned_from(predictor.manifest, (one.path for one in samples if one.is_good is is_good), key)
        for kind, is_good, key in (("good", True, PHOTOGRAPHS), ("defective", False, DEFECTS))
    }
    backend = predictor.backend
    document = {
        "bundle": {"name": predictor.manifest.name, "digest": predictor.digest, "path": str(bundle)},
        "data": {
            "path": str(source),
            "split": chosen,
            **{f"{kind}_were_learned": was for kind, was in learned.items()},
        },
        "runtime": {"name": backend.runtime, "version": backend.version, "kernels": backend.kernels},
        "rule": predictor.manifest.rule.model_dump(mode="json"),
        **evaluation.document(),
        "prospects": [one.document() for one in prospects(evaluation.area, evaluation.escape, evaluation.overkill)],
    }
    notes = [LEARNED_NOTE.format(kind) for kind, was in learned.items() if was]
    text = "\n".join([evaluation_text(predictor.manifest, evaluation, chosen), *notes])
    if report is not None:
        from training.report.page import render  # noqa: PLC0415 - as above

        page = render(evaluation, samples, predictor, source=source.resolve().name, notes=notes)
        report.write_text(page, "utf-8")
    click.echo(json.dumps(document, indent=2) if as_json else text)


def _to_judge(samples: Sequence[Sample], split: str | None, source: Path) -> tuple[list[Sample], str | None]:
    found = sorted({one.split for one in samples if one.split})
    chosen = split or (TEST_SPLIT if TEST_SPLIT in found else None)
    if chosen is None:
        return list(samples), None
    if chosen not in found:
        raise BadInputError(f"wanted rows with split {chosen!r} in {source}, found {', '.join(found) or 'no splits'}")
    return [one for one in samples if one.split == chosen], chosen
