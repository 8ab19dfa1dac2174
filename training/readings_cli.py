"""`lepton data readings`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.dataset.logged_table import Table


MOST_OFF = 0.01
"""How far a rate may be from a whole number, as a share of it: a logger's clock is no better."""


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A new folder for the recordings.")
@click.option("--rate-hz", type=click.FloatRange(0, min_open=True), help="Rows per second, where no column tells.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def readings(source: Path, output: Path, rate_hz: float | None, *, as_json: bool) -> None:
    """Make recordings of a logger's tables: a WAV file of each CSV file in SOURCE, in the same folders.

    A table has one row per moment and one column per channel, with a heading or without; a column called time (in
    seconds) gives the rate. 'lepton train --readings' learns the recordings, and a station records in the same form.
    """
    from training.dataset.logged_table import SUFFIXES  # noqa: PLC0415 - --help needs no numpy

    if not source.exists():
        raise BadInputError(f"wanted a table or a folder of tables, found nothing at {source}; check the path")
    tables = sorted(one for one in source.rglob("*") if one.suffix.lower() in SUFFIXES) if source.is_dir() else [source]
    if not tables:
        raise BadInputError(
            f"wanted tables ({', '.join(sorted(SUFFIXES))}) in {source}, found none; export them as CSV"
        )
    if output.exists():
        raise BadInputError(f"wanted a new folder, found {output}; name another, or remove it")
    beside = output.absolute().with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        channels = _write(_places(tables, source, beside), rate_hz, quiet=as_json)
        beside.rename(output)
    except OSError as error:
        # A full disk, say; the folder beside is nothing that anybody named.
        raise OSError(error.errno, error.strerror, str(output)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    document = {"recordings": len(tables), "channels": channels, "output": str(output)}
    sentence = f"wrote {len(tables)} recordings of {', '.join(channels)} to {output}"
    click.echo(document_text(document) if as_json else sentence)


def _places(tables: Sequence[Path], source: Path, output: Path) -> dict[Path, Path]:
    """Where each recording goes, to its table."""
    top = source if source.is_dir() else source.parent
    found: dict[Path, Path] = {}
    for path in tables:
        place = (output / path.relative_to(top)).with_suffix(".wav")
        if place in found:
            raise BadInputError(f"wanted one table for each recording, found {found[place]} and {path}; rename one")
        found[place] = path
    return found


def _write(places: Mapping[Path, Path], rate_hz: float | None, *, quiet: bool) -> tuple[str, ...]:
    """Write a recording of each table; return the channels, which all have."""
    from edge_contracts.recorded_sound import wave_with_note  # noqa: PLC0415 - as above
    from training.dataset.logged_table import read_table  # noqa: PLC0415 - the same

    first: tuple[tuple[str, ...], float] | None = None
    with progress_bar("reading", len(places), quiet=quiet) as advance:
        for number, (place, path) in enumerate(places.items(), start=1):
            table = read_table(path)
            made = (table.channels, _rate(path, table, rate_hz))
            first = first or made
            if made != first:
                (one, other), start = (f"{', '.join(names)} at {rate:g} Hz" for names, rate in (first, made)), path
                raise BadInputError(
                    f"wanted the same channels and rate in all tables, found {one} and, in {start}, {other}; export "
                    "them alike"
                )
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, wave_with_note(table.values, made[1], ""))
            if advance is not None:
                advance(number)
    return first[0] if first else ()


def _rate(path: Path, table: Table, rate_hz: float | None) -> float:
    """Whole rows per second, as a WAV file tells them."""
    said = rate_hz or table.rate_hz
    if not said:
        raise BadInputError(f"wanted the rate of {path}, found no column called time; say --rate-hz")
    if table.rate_hz and abs(table.rate_hz - said) > MOST_OFF * said:
        raise BadInputError(
            f"wanted the rate that the time tells, {table.rate_hz:g} Hz in {path}, found --rate-hz {said:g}; "
            "leave it out"
        )
    if abs(round(said) - said) > MOST_OFF * said:
        raise BadInputError(f"wanted a whole number of rows per second, found {said:g} in {path}; resample it")
    return round(said)
