"""`lepton robustness`: what a bundle does on pictures that got worse."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converters.cli import progress_bar
from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.manifest import Manifest
    from edge_runtime.infer.predictor import Predictor
    from training.dataset import Sample
    from training.robustness.suite import Row


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--data", "source", required=True, type=click.Path(path_type=Path), help="Folder per class, or manifest.")
@click.option("--split", help="Judge rows of this split only; `test` by default where the manifest has such rows.")
@click.option("--most", default=100, show_default=True, help="Pictures of each class at most, spread over all.")
@click.option(
    "--gradients",
    type=click.Path(path_type=Path),
    metavar="NETWORK.pt2",
    help="The float network, from the --checkpoints of its training: attack the bundle through its gradients, too.",
)
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as one HTML page.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Of noise and of the attacks' starts."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def robustness(
    bundle: Path,
    source: Path,
    split: str | None,
    most: int,
    gradients: Path | None,
    page: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Judge labelled pictures with BUNDLE as they are, and as they get worse.

    Light, focus, rotation, compression and sensor noise in five strengths each; with --gradients also changes of a few
    bytes that hurt most (FGSM and PGD). All figures are of the bundle, run as a board runs it.

    \b
    lepton robustness part.bundle --data labelled/ --page robustness.html
    lepton robustness part.bundle --data labelled/ --gradients checkpoints/network.pt2

    No figure is a limit: the exit code is 0 whatever they are.
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from edge_contracts.bundle import read_bundle  # noqa: PLC0415 - --help needs no runtime
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - the same
    from training.checks.known_again import known_again, learned_document, learned_note  # noqa: PLC0415 - nor OpenCV
    from training.evaluation import require_pictures  # noqa: PLC0415 - the same
    from training.robustness.suite import run_suite  # noqa: PLC0415 - the same

    read = read_bundle(bundle)
    require_pictures(read.manifest, "robustness")
    predictor = Predictor.load(read)
    samples = thinned(_pictures(source, split, read.manifest), most)
    learned = known_again(read, samples)
    attacks = _attacks(predictor, gradients, seed)
    with progress_bar(silent=as_json) as progress:
        rows = run_suite(
            predictor,
            samples,
            seed=seed,
            attacks=attacks,
            progress=lambda done, total: progress("judging", done / total),
        )
    backend = predictor.backend
    sentence = f"{len(samples)} pictures, judged with {backend.runtime} {backend.version} ({backend.kernels})."
    note = learned_note(learned, samples, "picture")
    if page is not None:
        _write_page(page, predictor.manifest.name, sentence, rows, note)
    text = table_of(predictor.manifest.name, sentence, rows, note)
    click.echo(_document(predictor, samples, learned_document(learned), rows) if as_json else text)


def _pictures(source: Path, split: str | None, manifest: Manifest) -> list[Sample]:
    from training.dataset import read_dataset  # noqa: PLC0415 - as above
    from training.dataset.judged_split import to_judge  # noqa: PLC0415 - the same
    from training.dataset.subjects import are_sounds  # noqa: PLC0415 - the same
    from training.evaluation import classes_of  # noqa: PLC0415 - the same

    samples, _ = to_judge(read_dataset(source, classes_of(manifest)), split, source)
    if are_sounds(samples):
        raise BadInputError(f"wanted pictures to make worse, found recordings in {source}; give labelled pictures")
    return samples


def _write_page(page: Path, name: str, sentence: str, rows: Sequence[Row], note: str) -> None:
    from training.robustness.page import robustness_page  # noqa: PLC0415 - jinja2, for pages alone

    write_whole(page, robustness_page(name, sentence, rows, note))


def thinned(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many of each class, spread evenly over them.

    Raises:
        BadInputError: less than one wanted, or no samples.
    """
    if most < 1 or not samples:
        raise BadInputError(f"wanted one picture or more to judge, found {len(samples)} and --most {most}; give more")
    kept: list[Sample] = []
    for label in sorted({one.label for one in samples}):
        alike = [one for one in samples if one.label == label]
        wanted = min(most, len(alike))
        kept += [alike[place * len(alike) // wanted] for place in range(wanted)]
    return kept


def table_of(name: str, sentence: str, rows: Sequence[Row], note: str = "") -> str:
    """The rows for a terminal, and below them what must not be missed."""
    lines = [f"{name}: {sentence}", f"{'':48}{'right class':>12}{'AUROC':>8}{'overkill':>10}{'escape':>8}"]
    for row in rows:
        figures = row.figures
        lines.append(
            f"{row.name + (', ' if row.strength else '') + row.strength:48}{_share(figures.accuracy):>12}"
            f"{'–' if figures.auroc is None else f'{figures.auroc:.3f}':>8}{_share(figures.overkill):>10}"
            f"{_share(figures.escape):>8}"
        )
    return "\n".join([*lines, *([note] if note else [])])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _attacks(predictor: Predictor, gradients: Path | None, seed: int) -> list[Any]:
    if gradients is None:
        return []
    from converters.load.torch_export import read_program  # noqa: PLC0415 - torch, for gradients alone

    network = read_program(gradients).module()
    from training.robustness.gradients import gradient_attacks  # noqa: PLC0415 - the same

    return gradient_attacks(network, predictor.manifest, seed)


def _document(
    predictor: Predictor, samples: Sequence[Sample], learned: Sequence[str] | None, rows: Sequence[Row]
) -> str:
    backend = predictor.backend
    return document_text(
        {
            "bundle": {"name": predictor.manifest.name, "digest": predictor.digest},
            "runtime": {"name": backend.runtime, "version": backend.version, "kernels": backend.kernels},
            "samples": len(samples),
            "learned": learned,
            "rows": [{"name": row.name, "strength": row.strength, **asdict(row.figures)} for row in rows],
        }
    )
