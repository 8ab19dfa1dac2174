"""Statistics: yield over time, what goes wrong most often, and each shift or device by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.desk.running_counts import Counts
from fleet_manager.pages.charts import pareto_rows
from fleet_manager.pages.wording import CAUSES, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.desk.production import Bar, Made
    from fleet_manager.pages.charts import ColumnChart, ParetoRow
    from fleet_manager.pages.choices import FilterField


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    name: str
    figure: str
    about: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ParetoView:
    """One Pareto chart; `none` stands there when it is empty."""

    title: str
    kind: str
    tone: str
    rows: tuple[ParetoRow, ...]
    none: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One device, site or shift."""

    name: str
    inspected: str
    good: str
    defect: str
    unknown: str
    rate: str


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Groups one below the other."""

    title: str
    kind: str
    lines: tuple[GroupLine, ...]


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """The page."""

    filters: tuple[FilterField, ...]
    tiles: tuple[Tile, ...]
    columns: ColumnChart
    paretos: tuple[ParetoView, ...]
    table: GroupTable


_CAUSE_NAMES: Final = {cause.value: name for cause, name in CAUSES.items()}


def tiles(whole: Counts) -> tuple[Tile, ...]:
    """The figures of everything together."""
    return (
        Tile("inspected", f"{whole.total:,}"),
        Tile("first-pass yield", percent(whole.good, whole.total)),
        Tile("defect", f"{whole.defect:,}", percent(whole.defect, whole.total), "defect" if whole.defect else ""),
        Tile("unknown", f"{whole.unknown:,}", percent(whole.unknown, whole.total), "unknown" if whole.unknown else ""),
    )


def paretos(defects: Sequence[Bar], unknowns: Sequence[Bar]) -> tuple[ParetoView, ...]:
    """Defects by what they are called, and unknown verdicts by their cause."""
    causes = tuple(_named(row) for row in pareto_rows(unknowns, "no cause"))
    return (
        ParetoView("Defects", "label", "defect", pareto_rows(defects, "without a label"), "No defect in this time."),
        ParetoView("Unknown verdicts", "cause", "unknown", causes, "Every part could be judged."),
    )


def group_table(title: str, kind: str, groups: Sequence[tuple[str, Counts]]) -> GroupTable:
    """A table of groups, in their order."""
    return GroupTable(title, kind, tuple(_line(name, counts) for name, counts in groups))


def together(groups: Sequence[Made]) -> Counts:
    """All groups as one."""
    return sum((one.counts for one in groups), Counts())


def _line(name: str, counts: Counts) -> GroupLine:
    return GroupLine(
        name,
        f"{counts.total:,}",
        f"{counts.good:,}",
        f"{counts.defect:,}",
        f"{counts.unknown:,}",
        percent(counts.good, counts.total),
    )


def _named(row: ParetoRow) -> ParetoRow:
    return type(row)(_CAUSE_NAMES.get(row.name, row.name), row.width, row.count, row.together)
