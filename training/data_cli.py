"""`lepton data`: look at a dataset before it is learned from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from training.checks import CheckedDataset
    from training.checks.facts import Facts
    from training.checks.leak_safe_split import LeakSafeSplit

EXIT_MUST_MEND = 1
SHORT_VERSION = 12
NAMED = 5
SOURCE = click.argument("source", type=click.Path(path_type=Path))
READINGS = click.option("--readings", is_flag=True, help="The WAV files hold a sensor's readings, no sounds.")


@click.command()
@SOURCE
@READINGS
@click.option("--page", type=click.Path(path_type=Path), help="Also write one HTML page with small pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.pass_context
def check(context: click.Context, source: Path, page: Path | None, *, readings: bool, as_json: bool) -> None:
    """Look for what would spoil training: leaks, copies, contradictions, damaged or odd samples.

    SOURCE is a folder of pictures or WAV sounds (good ones alone, a folder per class, or train/ and test/ with a folder
    per class), a CSV manifest, COCO or YOLO annotations, or the manager's labels.zip.

    Leaves with 1 when something must be mended before figures can be trusted.
    """
    from training.checks import check_dataset  # noqa: PLC0415 - --help needs no OpenCV
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.dataset.reading import left_out  # noqa: PLC0415 - the same

    samples = read_dataset(source)
    with progress_bar("looking", len(samples), quiet=as_json) as advance:
        checked = check_dataset(samples, advance, readings=readings, beside=left_out(source, samples))
    if page is not None:
        from training.checks.page import render  # noqa: PLC0415 - the same

        write_whole(page, render(checked, source.resolve().name))
    click.echo(document_text(checked.document()) if as_json else _checked_text(checked, page))
    if not checked.is_sound:
        context.exit(EXIT_MUST_MEND)


@click.command()
@SOURCE
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the manifest (.csv)."
)
@click.option(
    "--test",
    "test_share",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of each class to judge with.",
)
@click.option(
    "--window-min",
    type=click.FloatRange(0),
    help="Samples taken in one go, of so many minutes, stay together, as EXIF or names say; 0 leaves time out. By "
    "default the longest of 10, 5, 2 and 1 with which each class can be shared as asked.",
)
@click.option("--force", is_flag=True, help="Write over a manifest that is there.")
@READINGS
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Deals the samples out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def split(
    source: Path,
    output: Path,
    test_share: float,
    window_min: float | None,
    seed: int,
    *,
    force: bool,
    readings: bool,
    as_json: bool,
) -> None:
    """Split a dataset into train and test, so that nothing is judged that is nearly what was learned.

    What shares a group, is nearly the same, or was taken at nearly the same time stays on one side. Writes a CSV
    manifest that 'lepton train' and 'lepton evaluate' read; the pictures stay where they are.
    """
    from training.checks.leak_safe_split import split_dataset  # noqa: PLC0415 - --help needs no numpy
    from training.checks.looked import look_at  # noqa: PLC0415 - the same
    from training.dataset import dataset_version, read_dataset  # noqa: PLC0415 - the same
    from training.dataset.manifest import write_manifest  # noqa: PLC0415 - the same

    if output.suffix.lower() != ".csv":
        raise BadInputError(f"wanted a name that ends in .csv for the manifest, found {output}; rename it")
    if output.exists() and not force:
        raise BadInputError(f"wanted a new file for the manifest, found that {output} is there; rename it, or --force")
    samples = read_dataset(source)
    with progress_bar("looking", len(samples), quiet=as_json) as advance:
        looked = look_at(samples, advance, readings=readings)
    made = split_dataset(looked, test_share=test_share, window_min=window_min, seed=seed)
    write_manifest(output, made.samples)
    digests = {one.sample.path: one.digest for one in looked.facts}
    document = _split_document(made, output, dataset_version(made.samples, digests), test_share)
    click.echo(document_text(document) if as_json else _split_text(document))


@click.command()
@SOURCE
@click.option(
    "--recipe", required=True, type=click.Path(path_type=Path), help="What may change, and by how much (TOML)."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the sheet (.png).")
@click.option("--samples", "rows", default=6, show_default=True, type=click.IntRange(1, 50), help="Rows of the sheet.")
@click.option("--copies", default=6, show_default=True, type=click.IntRange(1, 20), help="Copies of each sample.")
@click.option(
    "--input-size",
    nargs=2,
    type=click.IntRange(16, 1024),
    metavar="HEIGHT WIDTH",
    help="Show pictures as a model with this input learns them: pixels of the recipe are the model's.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Draws the copies.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def preview(
    source: Path,
    recipe: Path,
    output: Path,
    rows: int,
    copies: int,
    input_size: tuple[int, int] | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Show what a recipe of augmentation makes of a dataset, as one picture.

    Samples of every class stand on the left, altered copies beside them, with boxes where defects are drawn or made.
    """
    from training.augmentation import read_recipe  # noqa: PLC0415 - --help needs no OpenCV
    from training.augmentation.contact_sheet import (  # noqa: PLC0415 - the same
        Shown,
        contact_sheet,
        spread,
        write_sheet,
    )
    from training.dataset import read_dataset  # noqa: PLC0415 - the same

    if output.suffix.lower() != ".png":
        raise BadInputError(f"wanted a name that ends in .png for the sheet, found {output}; rename it")
    chosen = spread(read_dataset(source), rows)
    write_sheet(output, contact_sheet(chosen, Shown(read_recipe(recipe), copies, seed, input_size)))
    document = {"sheet": str(output), "samples": len(chosen), "copies": copies, "seed": seed}
    click.echo(
        document_text(document) if as_json else f"wrote {output}: {len(chosen)} samples, {copies} copies of each"
    )


def _checked_text(checked: CheckedDataset, page: Path | None) -> str:
    document = checked.document()
    labels = ", ".join(f"{count} {label}" for label, count in document["labels"].items())
    splits = ", ".join(f"{count} {name}" for name, count in document["splits"].items())
    plural = "" if document["samples"] == 1 else "s"
    lines = [f"{document['samples']} {document['medium']}{plural}: {labels}{f' ({splits})' if splits else ''}"]
    lines.append(f"version {checked.version[:SHORT_VERSION]}")
    top = os.path.commonpath([one.sample.path.parent for one in checked.looked.facts])
    for one in checked.findings:
        lines.append(f"{'MEND' if one.must_mend else 'look'}  {one.check}: {one.sentence}")
        lines += [f"      {_named(group, top)}" for group in one.groups[:NAMED]]
        lines += [f"      and {len(one.groups) - NAMED} more"] if len(one.groups) > NAMED else []
    lines.append("nothing must be mended" if checked.is_sound else "mend the lines marked MEND, then check again")
    return "\n".join([*lines, *([f"wrote {page}"] if page else [])])


def _named(group: tuple[Facts, ...], top: str) -> str:
    """The samples of a group; what cannot be read with its own reason."""
    names = " ~ ".join(_below(one.sample.path, top) for one in group)
    return f"{names}: {group[0].problem}" if group[0].problem else names


def _below(path: Path, top: str) -> str:
    return path.relative_to(top).as_posix()


def _split_document(made: LeakSafeSplit, output: Path, version: str, test_share: float) -> dict[str, Any]:
    return {
        "manifest": str(output),
        "version": version,
        "samples": len(made.samples),
        "sets": made.sets,
        "timed": made.timed,
        "window_min": made.window_min,
        "splits": made.counts(),
        "test_share": {"asked": test_share, "missed": made.missed(test_share)},
        "note": made.remark,
    }


def _split_text(document: dict[str, Any]) -> str:
    lines = [f"{document['samples']} samples in {document['sets']} sets that belong together"]
    together = f": those of one go, up to {document['window_min']:g} min, stay together" if document["timed"] else ""
    lines.append(f"{document['timed']} of them tell when they were taken{together}")
    lines += [
        f"{name}: {', '.join(f'{count} {label}' for label, count in labels.items())}"
        for name, labels in document["splits"].items()
    ]
    lines += _missed(document["test_share"])
    lines += [f"note: {document['note']}"] if document["note"] else []
    return "\n".join([*lines, f"wrote {document['manifest']}, version {document['version'][:SHORT_VERSION]}"])


def _missed(share: dict[str, Any]) -> list[str]:
    """A line where a class could not be shared nearly as asked."""
    if not share["missed"]:
        return []
    found = " and ".join(f"{one:.0%} of {label}" for label, one in share["missed"].items())
    return [
        f"wanted {share['asked']:.0%} of each class to judge with, got {found}: a set goes to one side as a whole; "
        "more sets, or a shorter --window-min, come nearer"
    ]
