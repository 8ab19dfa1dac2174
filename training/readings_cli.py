"""`lepton data readings`."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    tables = sorted(one for one in source.rglob("*") if one.suffix.lower() in SUFFIXES) if source.is_dir() else [source]
    if not tables:
        raise BadInputError(
            f"wanted tables ({', '.join(sorted(SUFFIXES))}) in {source}, found none; export them as CSV"
        )
    if output.exists():
        raise BadInputError(f"wanted a new folder, found {output}; name another, or remove it")
    with TemporaryDirectory(prefix=".readings-", dir=output.absolute().parent) as beside:
        channels = _write(tables, source if source.is_dir() else source.parent, Path(beside), rate_hz, quiet=as_json)
        Path(beside).rename(output)
        # What is taken away at the end stands there under its own name now.
        Path(beside).mkdir()
    document = {"recordings": len(tables), "channels": channels, "output": str(output)}
    sentence = f"wrote {len(tables)} recordings of {', '.join(channels)} to {output}"
    click.echo(json.dumps(document, indent=2) if as_json else sentence)


def _write(tables: Sequence[Path], top: Path, output: Path, rate_hz: float | None, *, quiet: bool) -> tuple[str, ...]:
    """Write a recording of each; return the channels, which all have."""
    from edge_contracts.recorded_sound import wave_with_note  # noqa: PLC0415 - as above
    from training.dataset.logged_table import read_table  # noqa: PLC0415 - the same

    channels: tuple[str, ...] = ()
    with progress_bar("reading", len(tables), quiet=quiet) as advance:
        for number, path in enumerate(tables, start=1):
            table = read_table(path)
            channels = channels or table.channels
            if table.channels != channels:
                raise BadInputError(
                    f"wanted the same channels in all tables, found {', '.join(channels)} in {tables[0]} and "
                    f"{', '.join(table.channels)} in {path}; export them alike"
                )
            place = (output / path.relative_to(top)).with_suffix(".wav")
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, wave_with_note(table.values, _rate(path, table, rate_hz), ""))
            if advance is not None:
                advance(number)
    return channels


def _rate(path: Path, table: Table, rate_hz: float | None) -> float:
    """Whole rows per second, as a WAV file tells them."""
    said = rate_hz or table.rate_hz
    if not said:
        raise BadInputError(f"wanted the rate of {path}, found no column called time; say --rate-hz")
    if abs(round(said) - said) > MOST_OFF * said:
        raise BadInputError(f"wanted a whole number of rows per second, found {said:g} in {path}; resample it")
    return round(said)
