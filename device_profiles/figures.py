"""Figures that name their source: a number, its unit, and where it was read. A bare number is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from edge_contracts.plain_numbers import PlainNumbers

if TYPE_CHECKING:
    from collections.abc import Callable

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
SourceKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
DelegateName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Threads = Annotated[int, Field(ge=1)] | Literal["all cores"]


class Table(PlainNumbers):
    """A table of a board file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Table):
    """Where figures were read.

    Attributes:
        title: what the source is, in words.
        at: its address, with the commit or date where it has one.
        quote: the words or cells that the figures were taken from.
    """

    title: Text
    at: Text
    quote: Text | None = None


class Figure(Table):
    """One number.

    Attributes:
        value: the number, in `unit`; finite and not negative.
        unit: its unit, as the field demands it.
        source: the key of the source in the file's `[sources]`.
        note: what the number holds for, where that is not obvious.
    """

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unit: Text
    source: SourceKey
    note: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_a_table(cls, found: Any) -> Any:
        if isinstance(found, (dict, Figure)):
            return found
        raise ValueError("wanted { value = …, unit = …, source = … }, because every figure names its source")

    def __str__(self) -> str:
        """The number with its unit, such as `1800 MHz`."""
        return f"{self.value:g} {self.unit}"


def _in_unit(unit: str) -> Callable[[Figure], Figure]:
    def check(figure: Figure) -> Figure:
        if figure.unit != unit:
            raise ValueError(f"wanted the unit {unit}, found {figure.unit}")
        return figure

    return check


Cores = Annotated[Figure, AfterValidator(_in_unit("cores"))]
Megahertz = Annotated[Figure, AfterValidator(_in_unit("MHz"))]
Megabytes = Annotated[Figure, AfterValidator(_in_unit("MB"))]
ThreadCount = Annotated[Figure, AfterValidator(_in_unit("threads"))]
Watts = Annotated[Figure, AfterValidator(_in_unit("W"))]
Dollars = Annotated[Figure, AfterValidator(_in_unit("USD"))]
Points = Annotated[Figure, AfterValidator(_in_unit("points"))]
Auroc = Annotated[Figure, AfterValidator(_in_unit("AUROC"))]
Milliseconds = Annotated[Figure, AfterValidator(_in_unit("ms"))]


class LatencyRow(Table):
    """One published latency of a series.

    Attributes:
        model: as the publication calls it.
        precision: as the publication calls it.
        ms: milliseconds per inference.
        input: a side in px, or what the publication says.
        note: what else the publication says of it.
    """

    model: Text
    precision: Text
    ms: Positive
    input: Text | None = None
    note: Text | None = None


class LatencySeries(Table):
    """Published latencies that share board, framework, threads and source.

    Attributes:
        device: the board's name as the publication writes it.
        framework: what ran the models; ours or another's.
        threads: how many, `all cores`, or absent where the publication does not say.
        source: the key of the publication in `[sources]`.
        rows: the latencies.
    """

    device: Text
    framework: Text
    threads: Threads | None = None
    source: SourceKey
    rows: Annotated[tuple[LatencyRow, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One measured latency with everything that it holds for, and the address that it was read at.

    `ms` is in milliseconds per inference; `input` is the publication's own word (a side in px, or its default).
    """

    device: str
    framework: str
    threads: int | str | None
    model: str
    precision: str
    input: str | None
    ms: float
    note: str | None
    source: str
