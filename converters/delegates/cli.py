"""`lepton delegate list | check`: what an accelerator would run of a network, before anyone buys the board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from device_profiles.delegate_files import delegate_names, load_delegate
from device_profiles.description import align
from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device_profiles.delegate import Delegate, Form
    from device_profiles.placement import DelegateReport, OperatorFate

MOST_REASON = 100
"""Characters of a reason in a table; `--json` has all of it."""

_COLOURS = {"accelerator": "green", "processor": "yellow", "refused": "red", "unknown": "cyan"}
_WORDS = {"accelerator": "runs", "processor": "falls back", "refused": "refused", "unknown": "unknown"}
_OF_ONE = {"accelerator": "runs", "processor": "falls back", "refused": "is refused", "unknown": "is unknown"}
_OF_SEVERAL = {"accelerator": "run", "processor": "fall back", "refused": "are refused", "unknown": "are unknown"}


@click.group()
def delegate() -> None:
    """Tell what an accelerator would run of a network."""


@delegate.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rules of every accelerator as JSON.")
def list_delegates(*, as_json: bool) -> None:
    """List the accelerators whose rules are known, and the boards that can have them."""
    known = [load_delegate(name) for name in delegate_names()]
    if as_json:
        click.echo(document_text([each.model_dump(mode="json", exclude_none=True) for each in known]))
        return
    rows = [("NAME", "ACCELERATOR", "READS", "BOARDS"), *(_row(each) for each in known)]
    click.echo(align(rows))


@delegate.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--for", "names", multiple=True, metavar="ACCELERATOR", help="This one (or a .toml file); may be given again."
)
@click.option(
    "--input-size", type=click.IntRange(1), nargs=2, metavar="HEIGHT WIDTH", help="For ONNX that leaves it open."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.pass_context
def check(
    context: click.Context, model: Path, names: tuple[str, ...], input_size: tuple[int, int] | None, *, as_json: bool
) -> None:
    """Tell which operators of MODEL an accelerator runs, which fall back, and why.

    MODEL is a bundle, a .tflite or an .onnx file. Without --for, every accelerator that reads its form is asked. The
    rules are what the makers publish ('lepton delegate list --json' has the sources); their compilers have the last
    word.

    \b
    lepton delegate check part.bundle --for edgetpu

    Exit codes: 0 the whole network runs on each one asked, 1 some of it does not, 2 wrong use or input.
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from converters.delegates import read_nodes  # noqa: PLC0415 - loads the runtime
    from device_profiles.placement import check_delegate  # noqa: PLC0415 - as above

    content, form = _content(model)
    asked = _asked(names, form)
    nodes = read_nodes(content, form, input_size=input_size)
    reports = [check_delegate(each, form, nodes) for each in asked]
    if as_json:
        click.echo(document_text({"model": str(model), "delegates": [each.as_document() for each in reports]}))
    else:
        click.echo("\n\n".join(_told(report, in_full=bool(names)) for report in reports))
    if not all(report.fits for report in reports):
        context.exit(1)


def _content(model: Path) -> tuple[bytes, Form]:
    from converters.load.file_kind import FileKind, file_kind  # noqa: PLC0415 - as above
    from edge_contracts.bundle import read_bundle  # noqa: PLC0415

    kind = file_kind(model)
    if kind is FileKind.BUNDLE:
        bundle = read_bundle(model)
        return bundle.model, bundle.manifest.runtime
    if kind not in {FileKind.TFLITE, FileKind.ONNX}:
        raise BadInputError(
            f"wanted a bundle, a .tflite or an .onnx file, found {kind.value} in {model}; convert it first"
        )
    return model.read_bytes(), "tflite" if kind is FileKind.TFLITE else "onnx"


def _asked(names: Sequence[str], form: Form) -> list[Delegate]:
    asked = [load_delegate(name) for name in names or delegate_names()]
    return asked if names else [each for each in asked if form in each.rules]


def _row(each: Delegate) -> tuple[str, ...]:
    boards = ", ".join(carrier.board or carrier.title for carrier in each.carriers)
    return each.name, each.title, ", ".join(each.rules), boards


def _told(report: DelegateReport, *, in_full: bool) -> str:
    head = f"{click.style(report.delegate, bold=True)}  {report.title}: {_verdict(report)}"
    lines = [head, f"  rules of {report.release}"]
    if in_full or not report.fits:
        lines += _table(report.operators)
    lines += [f"  advice: {advice}" for advice in report.advice] if in_full else []
    return "\n".join(lines)


def _verdict(report: DelegateReport) -> str:
    total, counts = len(report.operators), report.counts
    if report.fits:
        return click.style(f"all {total} operators run on it", fg="green")
    told = ", ".join(
        f"{count} {(_OF_ONE if count == 1 else _OF_SEVERAL)[fate]}" for fate, count in counts.items() if count
    )
    where = "" if report.split is None else f"; leaves it first at operator {report.split}"
    return click.style(f"of {total} operators {told}{where}", fg="red" if report.is_refused else "yellow")


def _table(operators: Sequence[OperatorFate]) -> list[str]:
    """A line per kind, fate and reason, with how many operators share them and the place of the first."""
    groups: dict[tuple[str, str, str], list[OperatorFate]] = {}
    for each in operators:
        groups.setdefault((each.kind, each.fate, each.reason), []).append(each)
    rows = [
        (f"  {found[0].place}", str(len(found)), kind, _WORDS[fate], _short(reason))
        for (kind, fate, reason), found in groups.items()
    ]
    lines = align([("  FIRST AT", "COUNT", "KIND", "FATE", "REASON"), *rows]).split("\n")
    return [lines[0], *(click.style(line, fg=_COLOURS[key[1]]) for line, key in zip(lines[1:], groups, strict=True))]


def _short(reason: str) -> str:
    return reason if len(reason) <= MOST_REASON else reason[: MOST_REASON - 1] + "…"
