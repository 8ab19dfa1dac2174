"""`lepton demo`: see the whole way in half a minute."""

from __future__ import annotations

import errno
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lepton.demo.run import DemoResult


@click.command()
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("out/demo"),
    show_default=True,
    help="Where pictures, bundle, report and alerts go; an older demo there is replaced.",
)
@click.option("--kind", type=click.Choice(["bracket", "cap", "badge"]), default="bracket", show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Decides every part and every defect.")
@click.option("--parts", type=click.IntRange(1, 500), default=60, show_default=True, help="Parts on the belt.")
@click.option("--broker", type=click.Choice(["auto", "mosquitto", "amqtt"]), default="auto", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def demo(folder: Path, kind: str, seed: int, parts: int, broker: str, *, as_json: bool) -> None:
    """Show the whole way on drawn parts, in half a minute.

    Draws its own parts and a film of a conveyor, learns from 40 photographs of good ones, converts the detector for a
    Raspberry Pi 4, runs the daemon on the film against a broker on this machine, receives the alerts, and counts.
    """
    from converters.cli import progress_bar  # noqa: PLC0415 - --help needs no OpenCV
    from lepton.demo.run import DemoPlan, run_demo  # noqa: PLC0415 - the same

    begun_s = time.monotonic()
    with _room_in(folder), progress_bar(silent=as_json) as progress:
        result = run_demo(
            DemoPlan(folder.resolve(), kind, seed, parts, broker=broker), datetime.now(timezone.utc), progress
        )
    spent_s = time.monotonic() - begun_s
    if as_json:
        click.echo(document_text(_document(result, spent_s)))
    else:
        _print(result, spent_s)
    sys.exit(0 if result.outcome.lost == 0 else 1)


MARK = ".lepton-demo"


@contextmanager
def _room_in(folder: Path) -> Iterator[None]:
    """A folder without an older demo; a disk that is too small for this one gets its room back.

    Raises:
        BadInputError: anything else is in the way; it is left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise BadInputError(f"wanted an empty folder or an older demo, found other files in {folder}; give another -o")
    _clear(folder)
    try:
        (folder / MARK).touch()
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            _clear(folder)
        raise


def _clear(folder: Path) -> None:
    import shutil  # noqa: PLC0415 - only here

    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def _figures(result: DemoResult) -> dict[str, float]:
    return {metric.name: metric.value for metric in result.conversion.card.metrics}


def _document(result: DemoResult, spent_s: float) -> dict[str, object]:
    figures = _figures(result)
    return {
        **result.outcome.document(),
        "model_bytes_before": figures["float_model_bytes"],
        "model_bytes_after": figures["model_bytes"],
        "broker": result.broker,
        "folder": str(result.plan.folder),
        "seconds": round(spent_s, 1),
    }


def _print(result: DemoResult, spent_s: float) -> None:
    from rich.console import Console  # noqa: PLC0415 - only a person sees it
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"{result.outcome.parts} drawn parts on the belt", show_header=False, title_justify="left")
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in _rows(result):
        table.add_row(name, value)
    console = Console()
    console.print(table)
    folder = result.plan.folder
    console.print(f"pictures  {folder / 'good'}\n          {folder / 'parts.jpg'}", soft_wrap=True, highlight=False)
    console.print(f"evidence  {folder / 'state'}\nreport    {folder / 'report.html'}", soft_wrap=True, highlight=False)
    console.print(f"{spent_s:.0f} s in all, alerts by {result.broker}", highlight=False)


def _rows(result: DemoResult) -> list[tuple[str, str]]:
    outcome, figures = result.outcome, _figures(result)
    missed = ", ".join(f"{kind} {escaped} of {shown}" for kind, (escaped, shown) in outcome.missed.items() if escaped)
    return [
        ("true defects", f"{outcome.defective}"),
        ("found", f"{outcome.found}"),
        ("escapes", f"{outcome.escapes}" + (f" ({missed})" if missed else "")),
        ("overkill", f"{outcome.overkill} of {outcome.good} good parts"),
        ("unknown", f"{outcome.unknown}"),
        ("parts without a verdict", f"{outcome.unjudged}"),
        ("alerts raised", f"{outcome.alerts}"),
        ("alerts stored", f"{outcome.stored} (lost: {outcome.lost})"),
        ("milliseconds per part", f"{outcome.median_ms:.1f} (median, this machine)"),
        ("model, float", f"{figures['float_model_bytes']:,.0f} bytes"),
        (f"model, for {result.conversion.card.profile}", f"{figures['model_bytes']:,.0f} bytes"),
    ]
