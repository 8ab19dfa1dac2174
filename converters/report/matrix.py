"""The confusion of two classifiers as a table that fits a telephone: classes by number, changes beside the counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.report.quantity import percent

if TYPE_CHECKING:
    from converters.gate.confusion import Confused, Confusion

MOST_CLASSES = 14
"""More columns than this are no table to read; then the pairs that were confused are listed."""

MOST_PAIRS = 12
SHADES = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """inputs: answered so by the artefact. change: against the float model, empty where equal. shade: 0 to `SHADES`."""

    inputs: int
    change: str
    shade: int
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One true class: its inputs by answer, and the share that was hit."""

    label: str
    cells: tuple[Cell, ...]
    hit: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """One confused pair, where the classes are too many for a table."""

    label: str
    answer: str
    float_inputs: int
    inputs: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """rows: the whole table, or none for many classes. mistakes: the most frequent confusions then."""

    labels: tuple[str, ...]
    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]


def matrix(found: Confusion | None) -> Matrix | None:
    """Lay it out; None without labelled inputs."""
    if found is None:
        return None
    if len(found.labels) > MOST_CLASSES:
        wrong = [cell for cell in found.cells if cell.label != cell.answer]
        worst = sorted(wrong, key=lambda cell: (-cell.inputs, -cell.float_inputs, cell.label))[:MOST_PAIRS]
        mistakes = [Mistake(one.label, one.answer, one.float_inputs, one.inputs) for one in worst]
        return Matrix(found.labels, (), tuple(mistakes))
    cells = {(cell.label, cell.answer): cell for cell in found.cells}
    return Matrix(found.labels, tuple(_row(label, found.labels, cells) for label in found.labels), ())


def _row(label: str, labels: tuple[str, ...], cells: dict[tuple[str, str], Confused]) -> Row:
    inputs = sum(cell.inputs for (true, _), cell in cells.items() if true == label)
    row = tuple(_cell(cells.get((label, answer)), inputs, is_hit=answer == label) for answer in labels)
    hits = next((cell.inputs for cell in row if cell.is_hit), 0)
    return Row(label, row, percent(hits / inputs) if inputs else "–")


def _cell(cell: Confused | None, of: int, *, is_hit: bool) -> Cell:
    if cell is None:
        return Cell(0, "", 0, is_hit)
    moved = cell.inputs - cell.float_inputs
    shade = -(-SHADES * cell.inputs // max(of, 1))
    return Cell(cell.inputs, f"{moved:+d}".replace("-", "−") if moved else "", shade, is_hit)
