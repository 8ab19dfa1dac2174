"""A logger's table of readings: one CSV file, one row per moment, one column per channel.

Loggers write commas, semicolons or tabs, a decimal comma, a byte order mark, a heading or none: all are read. What
cannot be a steady series of numbers is refused with its line.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_TIME = re.compile(r"(?:time|t|seconds)[ _]*[(\[]?(s|ms|us|µs|)[)\]]?", re.IGNORECASE)
_UNCLEAR_TIME = re.compile(r"(?:time|date|zeit|uhrzeit|datum|timestamp)\b", re.IGNORECASE)
_SECONDS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}

MOST_VALUES = 16_000_000
"""Rows × columns: as many as a WAV file may hold."""

LONGEST_LINE = 1 << 16
MOST_UNSTEADY = 0.5
"""Of the usual interval: readings further apart or closer together are gaps or repetitions, no jitter."""

_DECIMAL_COMMA = re.compile(r"\d,\d")


@dataclass(frozen=True, slots=True)
class Table:
    """What a table holds.

    channels: names, of the heading or `channel 1` and so on.
    values: rows×channels float32.
    rate_hz: rows per second; 0 where no column tells the time.
    """

    channels: tuple[str, ...]
    values: npt.NDArray[np.float32]
    rate_hz: float


def read_table(path: Path) -> Table:
    """Read one table.

    Raises:
        BadInputError: no numbers, a row that is not like the others, or readings that are not evenly spaced in time.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(LONGEST_LINE)
            cells = _Cells(first)
            rows = csv.reader(chain([first], file), delimiter=cells.delimiter)
            heading, numbers = _numbers(path, rows, cells)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"wanted a table of numbers in UTF-8, found {path}: {error}; export it as CSV") from error
    values = np.array(numbers, np.float64)
    times = _time_column(path, heading)
    rate_hz = 0.0 if times is None else _rate(path, values[:, times[0]] * times[1])
    kept = [place for place in range(values.shape[1]) if times is None or place != times[0]]
    if not kept:
        raise BadInputError(f"wanted readings beside the time, found only the time in {path}; export the channels too")
    if not (np.abs(values[:, kept]) <= np.finfo(np.float32).max).all():
        raise BadInputError(
            f"wanted readings below {np.finfo(np.float32).max:.0e}, found greater in {path}; scale them"
        )
    named = [heading[place].strip() if heading else "" for place in kept]
    channels = tuple(name or f"channel {number}" for number, name in enumerate(named, start=1))
    return Table(channels, values[:, kept].astype(np.float32), rate_hz)


def _time_column(path: Path, heading: Sequence[str]) -> tuple[int, float] | None:
    """Which column is the time, and seconds per unit of it; None where no heading says so."""
    found = [
        (place, _SECONDS[told.group(1).lower()])
        for place, name in enumerate(heading)
        if (told := _TIME.fullmatch(name.strip()))
    ]
    odd = [name for name in heading if _UNCLEAR_TIME.match(name.strip()) and not _TIME.fullmatch(name.strip())]
    if odd or len(found) > 1:
        raise BadInputError(
            f"wanted one column 'time' in seconds, or 'time_ms', in {path}, found {odd[0] if odd else 'two'!r}; rename "
            "it, or leave it out and say --rate-hz"
        )
    return found[0] if found else None


class _Cells:
    """How the cells of one file are parted and read, as its first line shows; quotes may hold what parts others."""

    def __init__(self, first: str) -> None:
        self.delimiter = next((one for one in "\t;" if len(next(csv.reader([first], delimiter=one), [])) > 1), ",")

    def number(self, cell: str) -> float:
        """A finite or an infinite number; ValueError where there is none."""
        cell = cell.strip()
        if self.delimiter != "," and _DECIMAL_COMMA.search(cell):
            cell = cell.replace(",", ".")
        return float(cell)


def _numbers(path: Path, rows: Iterator[list[str]], cells: _Cells) -> tuple[list[str], list[list[float]]]:
    """The heading, empty where the first row is numbers already, and the rows."""
    heading: list[str] = []
    found: list[list[float]] = []
    for line, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            numbers = [cells.number(cell) for cell in row]
        except ValueError as error:
            if heading or found:
                raise BadInputError(f"wanted numbers in line {line} of {path}, found {','.join(row)[:60]!r}") from error
            heading = row
            continue
        width = len(heading) or len(found[0] if found else row)
        if len(row) != width or not np.isfinite(numbers).all():
            raise BadInputError(f"wanted {width} numbers in line {line} of {path}, found {','.join(row)[:60]!r}")
        found.append(numbers)
        if len(found) * width > MOST_VALUES:
            raise BadInputError(f"wanted at most {MOST_VALUES:,} numbers in {path}, found more; part it")
    if not found:
        raise BadInputError(f"wanted rows of numbers in {path}, found none; export it as CSV")
    return heading, found


def _rate(path: Path, seconds: npt.NDArray[np.float64]) -> float:
    apart = np.diff(seconds)
    usual = float(np.median(apart)) if apart.size else 0.0
    if usual <= 0:
        raise BadInputError(f"wanted a time that goes on in {path}, found that it does not; correct its time column")
    odd: Sequence[int] = np.flatnonzero(np.abs(apart - usual) > MOST_UNSTEADY * usual).tolist()
    if odd:
        raise BadInputError(
            f"wanted readings every {usual:g} s in {path}, found {apart[odd[0]]:g} s after reading {odd[0] + 1}; "
            "part the file there, or log at a steady rate"
        )
    return float(apart.size / (seconds[-1] - seconds[0]))
