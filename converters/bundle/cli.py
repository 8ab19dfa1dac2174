"""`lepton bundle diff | extract`: compare two bundles, unpack one; `inspect | verify` are the board's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converters.bundle.extract import PARTS
from converters.bundle.extract import extract as unpack
from edge_contracts.bundle import read_bundle
from edge_contracts.document_text import document_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converters.bundle.difference import Difference, FileChange
    from converters.bundle.golden_replay import Replay
    from edge_contracts.bundle import Bundle

LONGEST_VALUE = 36
THOUSAND = 1000
ABSENT = "–"
_IS_NUMBER = re.compile(rf"[-+]?[0-9,.]*(e[-+][0-9]+)?|{ABSENT}")


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.pass_context
def diff(context: click.Context, before: Path, after: Path, *, as_json: bool) -> None:
    """Show what changed from bundle BEFORE to bundle AFTER.

    The manifest's fields, operators, files by hash, the cards' figures side by side, and whether AFTER answers the
    golden inputs of BEFORE within their tolerance. Each may be a bundle file or an unpacked bundle's folder.

    Exit codes: 0 the same digest, 1 another, 2 wrong use or input.
    """
    from converters.bundle.difference import difference  # noqa: PLC0415 - loads the runtime

    bundles = read_bundle(before), read_bundle(after)
    found = difference(*bundles)
    click.echo(document_text(found.as_document()) if as_json else "\n".join(_lines(*bundles, found)))
    if not found.is_same:
        context.exit(1)


@click.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="A new or empty folder.")
@click.option("--only", "parts", type=click.Choice(PARTS), multiple=True, help="This part; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def extract(path: Path, folder: Path, parts: tuple[str, ...], *, as_json: bool) -> None:
    """Unpack BUNDLE, or a part of it, into a folder.

    Every hash is checked before anything is written, and the folder appears whole or not at all. The whole bundle,
    unpacked, is a bundle still: 'lepton bundle verify FOLDER'.

    \b
    lepton bundle extract part.bundle -o part
    lepton bundle extract part.bundle -o page --only report
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    bundle = read_bundle(path)
    written = unpack(bundle, folder, parts)
    if as_json:
        document = {"folder": str(folder), "digest": bundle.digest, "files": list(written)}
        click.echo(document_text(document))
    else:
        size = sum(len(bundle.members[member]) for member in written)
        click.echo(f"{folder}: {len(written)} file{'' if len(written) == 1 else 's'}, {size:,} bytes")


def _lines(before: Bundle, after: Bundle, found: Difference) -> list[str]:
    """Sections that have something to say, each a table with aligned columns."""
    head = [f"{mark}  {_name(bundle)}" for mark, bundle in (("before", before), ("after ", after))]
    if found.is_same:
        head.append("the same digest" + ("; card or report differ" if found.files else ""))
    sections: dict[str, list[tuple[str, ...]]] = {
        "manifest": [(change.field, _short(change.before), _short(change.after)) for change in found.manifest],
        "operators": [
            (count.operator, str(count.before), str(count.after), f"{count.after - count.before:+d}")
            for count in found.operators
        ],
        "files (bytes)": [_file_row(file) for file in found.files],
        "figures": [
            (
                figure.name,
                _figure(figure.before),
                _figure(figure.after),
                "" if figure.difference is None else _figure(figure.difference, sign="+"),
                "" if figure.unit == "1" else figure.unit,
                figure.where,
            )
            for figure in found.figures
        ],
    }
    for title, rows in sections.items():
        if rows:
            head += ["", title, *_table(rows)]
    return [*head, "", "goldens", *_replay_lines(found.replay)]


def _name(bundle: Bundle) -> str:
    manifest = bundle.manifest
    return f"{bundle.digest[:16]}  {manifest.name} {manifest.sequence}, {manifest.precision}, for {manifest.profile}"


def _file_row(file: FileChange) -> tuple[str, ...]:
    sizes = [ABSENT if size is None else f"{size:,}" for size in (file.before_bytes, file.after_bytes)]
    state = "added" if file.before_bytes is None else "removed" if file.after_bytes is None else "changed"
    return (file.path, *sizes, state)


def _replay_lines(replayed: Replay) -> list[str]:
    if replayed.refusal:
        return [f"  not replayed: {replayed.refusal}"]
    word = "within" if replayed.is_within else "NOT within"
    return [
        f"  the second answers the first's {replayed.goldens} goldens {word} tolerance",
        *_table(
            [
                (output.tensor, f"{output.distance:.4g} apart", f"{output.tolerance:.4g} allowed")
                for output in replayed.outputs
            ]
        ),
    ]


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows indented by two, each column as wide as its widest cell; columns of numbers end together."""
    columns = list(zip(*rows, strict=True))
    padded = []
    for column in columns:
        width = max(map(len, column))
        numbers = all(_IS_NUMBER.fullmatch(cell) for cell in column)
        padded.append([cell.rjust(width) if numbers else cell.ljust(width) for cell in column])
    return ["  " + "  ".join(row).rstrip() for row in zip(*padded, strict=True)]


def _short(value: Any) -> str:
    text = ABSENT if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _figure(value: float | None, sign: str = "") -> str:
    if value is None:
        return ABSENT
    return f"{value:{sign},.0f}" if abs(value) >= THOUSAND else f"{value:{sign}.6g}"
