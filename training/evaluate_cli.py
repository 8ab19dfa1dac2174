"""`lepton evaluate`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.document_text import document_text
from edge_contracts.whole_file import write_whole
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.bundle import Bundle
    from edge_runtime.infer.predictor import Predictor
    from training.dataset import Sample
    from training.evaluation import Evaluation
    from training.report.learning_curve import CurvePoint


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
    few pictures leave open, and the same for each label. SOURCE is read as by lepton train, and a label that is a class
    of BUNDLE is good where BUNDLE says so. Rows with split `test` are judged where there are such rows, else those that
    are not for training, else all of them.
    """
    from edge_contracts.bundle import read_bundle  # noqa: PLC0415 - --help needs no runtime
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - the same
    from training.checks.known_again import learned_document  # noqa: PLC0415 - the same
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.dataset.judged_split import to_judge  # noqa: PLC0415 - the same
    from training.evaluation import classes_of, evaluate_samples, noun_of  # noqa: PLC0415 - the same
    from training.evaluation_text import evaluation_text  # noqa: PLC0415 - the same
    from training.threshold_advice import threshold_advice  # noqa: PLC0415 - the same

    read = read_bundle(bundle)
    predictor = Predictor.load(read, runtime=runtime)
    dataset = read_dataset(source, classes_of(predictor.manifest))
    samples, chosen = to_judge(dataset, split, source)
    with progress_bar("judging", len(samples), quiet=as_json) as advance:
        evaluation = evaluate_samples(predictor, samples, monotonic_ns=time.monotonic_ns, progress=advance)
    learned = _learned(read, samples, quiet=as_json)
    parted = _parted(dataset, samples)
    notes = _notes(samples, learned, parted, noun_of(predictor.manifest))
    curve = _curve(read, dataset, samples) if report is not None else ()
    if report is not None:
        from training.report.page import render  # noqa: PLC0415 - as above

        judged = source.resolve().name + (f", split {chosen}" if chosen else "")
        page = render(
            evaluation, samples, predictor, source=judged, notes=notes, curve=curve, learned=len(learned or ())
        )
        write_whole(report, page)
    data = {"path": str(source), "split": chosen, "learned": learned_document(learned), "parted_groups": parted}
    if as_json:
        more = {
            "threshold_advice": threshold_advice(predictor.manifest, evaluation, len(learned or ())),
            "notes": [note.removeprefix("note: ") for note in notes],
        }
        click.echo(document_text(_document(bundle, data, predictor, evaluation, curve) | more))
    else:
        click.echo("\n".join([evaluation_text(predictor.manifest, evaluation, chosen, len(learned or ())), *notes]))


def _learned(bundle: Bundle, samples: Sequence[Sample], *, quiet: bool) -> list[Sample] | None:
    """Those that taught the bundle's detector, or are nearly the same as one that did; None where nobody knows."""
    from training.checks.known_again import known_again  # noqa: PLC0415 - as above

    with progress_bar("looking", len(samples), quiet=quiet) as advance:
        return known_again(bundle, samples, advance)


def _parted(dataset: Sequence[Sample], judged: Sequence[Sample]) -> list[str]:
    """Groups of judged rows that are for training too."""
    from training.dataset.judged_split import TRAIN_SPLIT  # noqa: PLC0415 - as above
    from training.dataset.split_rows import parted_groups  # noqa: PLC0415 - the same

    groups = {one.group for one in judged if one.split != TRAIN_SPLIT}
    return [one for one in parted_groups(dataset) if one in groups]


def _curve(bundle: Bundle, dataset: Sequence[Sample], judged: Sequence[Sample]) -> tuple[CurvePoint, ...]:
    """What more good photographs bring, where the source has some for training."""
    from training.dataset.judged_split import TRAIN_SPLIT  # noqa: PLC0415 - as above
    from training.features.of_bundle import feature_part_of  # noqa: PLC0415 - the same
    from training.report.learning_curve import learning_curve  # noqa: PLC0415 - the same

    part = feature_part_of(bundle)
    learned = [one for one in dataset if one.is_good and one.split == TRAIN_SPLIT]
    known = set(learned)
    return () if part is None else learning_curve(part, learned, [one for one in judged if one not in known])


def _document(
    bundle: Path,
    data: dict[str, Any],
    predictor: Predictor,
    evaluation: Evaluation,
    curve: Sequence[CurvePoint],
) -> dict[str, Any]:
    from training.report.prospect import prospects  # noqa: PLC0415 - as above

    backend = predictor.backend
    return {
        "bundle": {"name": predictor.manifest.name, "digest": predictor.digest, "path": str(bundle)},
        "data": data,
        "runtime": {"name": backend.runtime, "version": backend.version, "kernels": backend.kernels},
        "rule": predictor.manifest.rule.model_dump(mode="json"),
        **evaluation.document(),
        "prospects": [one.document() for one in prospects(evaluation.area, evaluation.escape, evaluation.overkill)],
        "learning_curve": [one.document() for one in curve],
    }


def _notes(samples: Sequence[Sample], learned: Sequence[Sample] | None, parted: Sequence[str], noun: str) -> list[str]:
    """What must not be missed beside the figures; the last where labels of defects look as if they meant good parts."""
    from training.checks.known_again import learned_note  # noqa: PLC0415 - as above
    from training.dataset.picture_names import doubtful_labels  # noqa: PLC0415 - the same
    from training.dataset.split_rows import parted_sentence  # noqa: PLC0415 - the same

    doubts = [f"note: {one}" for one in (parted_sentence(parted), doubtful_labels(samples)) if one]
    return [one for one in (learned_note(learned, samples, noun), *doubts) if one]
