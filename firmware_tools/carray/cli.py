"""`lepton firmware carray`: a bundle's network as C for a microcontroller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.document_text import document_text

if TYPE_CHECKING:
    from firmware_tools.carray.model_files import Export


@click.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="A new or empty folder.")
@click.option("--name", default="model", show_default=True, help="What every file, and every name in C, begins with.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def carray(path: Path, folder: Path, name: str, *, as_json: bool) -> None:
    """Write the network of BUNDLE as C for a microcontroller.

    model.h and model.c are plain C99 and need nothing else: the network as an aligned array, input and outputs with
    their quantisation, labels, the threshold, and how much memory TensorFlow Lite Micro needs. Beside them, in C++ for
    that runtime, stand a resolver with exactly the operators that occur, and a self-test that replays the bundle's
    goldens. The folder appears whole or not at all.

    Exit codes: 0 done, 1 the runtime lacks something that the network needs, 2 wrong use or input.

    \b
    lepton firmware carray motor.bundle -o firmware/model
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from edge_contracts.bundle import read_bundle  # noqa: PLC0415 - loads pydantic
    from firmware_tools.carray.export import files_of, plan_export, write_folder  # noqa: PLC0415 - loads numpy

    export = plan_export(read_bundle(path), name)
    files = files_of(export)
    write_folder(folder, files)
    document = _document(export, folder, files)
    click.echo(document_text(document) if as_json else "\n".join(_lines(export, document)))


def _document(export: Export, folder: Path, files: dict[str, str]) -> dict[str, Any]:
    return {
        "bundle": export.bundle.digest,
        "folder": str(folder),
        "files": sorted(files),
        "model_bytes": len(export.content),
        "operators": list(export.kinds),
        "arena": {
            "activations_bytes": export.host.activations,
            "host_bytes": export.host.bytes,
            "microcontroller_bytes": export.chip.bytes,
            "microcontroller_how": "estimated",
            "guessed": list(export.guessed),
        },
    }


def _lines(export: Export, document: dict[str, Any]) -> list[str]:
    lines = [
        f"{document['folder']}: {len(document['files'])} files",
        f"model      {document['model_bytes']:,} bytes of flash",
        f"arena      {export.chip.bytes:,} bytes of RAM with 4-byte pointers (estimated), {export.host.bytes:,} with 8",
        f"operators  {', '.join(export.kinds)}",
    ]
    if export.guessed:
        lines.append(f"guessed    the memory of {', '.join(export.guessed)}: let {export.name}_selftest() tell")
    return lines
