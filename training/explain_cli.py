"""`lepton explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.bundle import Bundle
    from edge_runtime.frames import Window
    from training.dataset import Sample
    from training.explain.page import Alike, Explanation

SHOWN_ALIKE = 3


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--data", "source", type=click.Path(path_type=Path), help="Known parts to compare with, labelled.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Also write one HTML page with the pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def explain(bundle: Path, picture: Path, source: Path | None, output: Path | None, *, as_json: bool) -> None:
    """Say why BUNDLE judges PICTURE as it does.

    Hides one place of the picture after the other and tells how far the score falls: what the verdict rests on. With
    --data it names the known good and defective parts that look most alike (folder per class or manifest).

    Of a sensor's readings (a WAV file, for a bundle of 'lepton train --readings') it tells which figures the score
    rests on, and what would be usual.
    """
    from edge_contracts.bundle import read_bundle  # noqa: PLC0415 - --help needs no numpy
    from training.evaluation import require_pictures  # noqa: PLC0415 - the same
    from training.explain.page import render  # noqa: PLC0415 - the same

    read = read_bundle(bundle)
    if read.manifest.input.kind == "series":
        if source is not None:
            raise BadInputError("wanted no --data for a sensor's readings, which are told by figures; leave it out")
        _explain_readings(read, picture, output, as_json=as_json)
        return
    require_pictures(read.manifest, "explain")
    known = _known(source)
    explanation = _explained(read, picture, known, quiet=as_json)
    if output is not None:
        write_whole(output, render(explanation))
    document = _document(explanation)
    click.echo(document_text(document) if as_json else _text(document))


def _explain_readings(bundle: Bundle, recording: Path, output: Path | None, *, as_json: bool) -> None:
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - as above
    from training.dataset import Sample  # noqa: PLC0415 - the same
    from training.dataset.subjects import subjects_of  # noqa: PLC0415 - the same
    from training.evaluation import judge  # noqa: PLC0415 - the same
    from training.explain.figures_answer import figures_document, figures_text  # noqa: PLC0415 - the same
    from training.explain.figures_page import figures_page  # noqa: PLC0415 - the same

    (window,), predictor = subjects_of([Sample(recording, "")]), Predictor.load(bundle)
    score, verdict = judge(bundle.manifest, predictor.predict(window))
    predictor.close()
    document = figures_document(bundle, cast("Window", window), score, verdict)
    if output is not None:
        write_whole(output, figures_page(document, cast("Window", window)))
    click.echo(document_text(document) if as_json else figures_text(document))


def _known(source: Path | None) -> Sequence[Sample]:
    from training.dataset import read_dataset  # noqa: PLC0415 - as above

    return () if source is None else read_dataset(source)


def _explained(bundle: Bundle, picture: Path, known: Sequence[Sample], *, quiet: bool) -> Explanation:
    from edge_contracts.manifest import AnomalyRule  # noqa: PLC0415 - as above
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - the same
    from training.dataset import Photographs, Sample  # noqa: PLC0415 - the same
    from training.evaluation import judge  # noqa: PLC0415 - the same
    from training.explain.occlusion import occlude, place_count  # noqa: PLC0415 - the same
    from training.explain.page import Explanation  # noqa: PLC0415 - the same

    predictor, (pixels, *_) = Predictor.load(bundle), Photographs([Sample(picture, "")])
    scores = predictor.predict(pixels)
    with progress_bar("hiding places", place_count(pixels), quiet=quiet) as advance:
        occlusion = occlude(pixels, lambda one: judge(bundle.manifest, predictor.predict(one))[0], progress=advance)
    predictor.close()
    rule = bundle.manifest.rule
    good, defective = (_alike(bundle, picture, known, is_good=kind, quiet=quiet) for kind in (True, False))
    return Explanation(
        name=picture.name,
        bundle=bundle.manifest.name,
        verdict=judge(bundle.manifest, scores)[1],
        threshold=rule.threshold if isinstance(rule, AnomalyRule) else None,
        pixels=pixels,
        heat_map=scores.heat_map,
        occlusion=occlusion,
        good=good,
        defective=defective,
    )


def _alike(bundle: Bundle, picture: Path, known: Sequence[Sample], *, is_good: bool, quiet: bool) -> list[Alike]:
    from converters.calibration.recorded_frames import read_judged  # noqa: PLC0415 - as above
    from training.dataset import Photographs  # noqa: PLC0415 - the same
    from training.explain.neighbours import describe, nearest  # noqa: PLC0415 - the same
    from training.explain.page import Alike  # noqa: PLC0415 - the same

    samples = [one for one in known if one.is_good is is_good and one.path.resolve() != picture.resolve()]
    if len(samples) < 2:  # noqa: PLR2004 - one has no spread
        return []
    photographs = Photographs(samples)
    with progress_bar("looking at known parts", len(samples), quiet=quiet):
        described = describe(bundle, [read_judged(picture), *photographs])
    found = nearest(described[0], described[1:], SHOWN_ALIKE)
    return [Alike(samples[one.place], one, photographs[one.place]) for one in found]


def _document(explanation: Explanation) -> dict[str, Any]:
    lowered = explanation.occlusion.lowered
    row, column = divmod(int(lowered.argmax()), lowered.shape[1])
    return {
        "picture": explanation.name,
        "bundle": explanation.bundle,
        "verdict": explanation.verdict.value,
        "score": explanation.occlusion.score,
        "threshold": explanation.threshold,
        "occlusion": {
            "least_score": explanation.occlusion.least,
            "rests_on_one_place": explanation.rests_on_one_place,
            "worst_place": {"x": (column + 0.5) / lowered.shape[1], "y": (row + 0.5) / lowered.shape[0]},
            "lowered": lowered.round(4).tolist(),
        },
        **{
            kind: [
                {"path": str(one.sample.path), "label": one.sample.label, "distance": one.neighbour.distance}
                for one in alike
            ]
            for kind, alike in (("good_alike", explanation.good), ("defective_alike", explanation.defective))
        },
    }


def _text(document: dict[str, Any]) -> str:
    occlusion, threshold = document["occlusion"], document["threshold"]
    place = occlusion["worst_place"]
    rests = {
        True: "; it would be called good then, so the verdict rests on this place",
        False: "; it would still be a defect, so the verdict rests on more than one place",
        None: "",
    }[occlusion["rests_on_one_place"]]
    lines = [
        f"{document['picture']}: {document['verdict']}, score {document['score']:.4g}"
        + (f", threshold {threshold:.4g}" if threshold is not None else ""),
        f"hiding the place at {place['x']:.0%} from the left and {place['y']:.0%} from the top lowers the score to "
        f"{occlusion['least_score']:.4g}{rests}",
    ]
    for kind, what in (("good_alike", "good"), ("defective_alike", "defective")):
        if alike := document[kind]:
            named = ", ".join(f"{Path(one['path']).name} ({one['label']}, {one['distance']:.2f})" for one in alike)
            lines.append(f"{what} parts most alike: {named}")
    return "\n".join(lines)
