"""The shifts of a site as a form has them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from fleet_manager.desk.shifts import MOST_SHIFTS, Shift, ShiftPlan
from fleet_manager.pages.choices import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPARE: Final = 2
"""Empty lines below the shifts that there are."""


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One line of the form; both empty for none."""

    name: str = ""
    begins: str = ""


@dataclass(frozen=True, slots=True)
class ShiftsPage:
    """The page; `site` is empty where there is none to choose."""

    sites: tuple[Choice, ...]
    site: str
    zone: str
    lines: tuple[ShiftLine, ...]


def shifts_page(sites: Sequence[str], site: str, zone: str, lines: Sequence[ShiftLine]) -> ShiftsPage:
    """The form with a few empty lines below what it holds."""
    filled = tuple(one for one in lines if one != ShiftLine())
    spare = min(_SPARE, MOST_SHIFTS - len(filled))
    return ShiftsPage(tuple(Choice(one, one) for one in sites), site, zone, filled + (ShiftLine(),) * max(spare, 0))


def lines_of(plan: ShiftPlan) -> tuple[ShiftLine, ...]:
    """A plan as the form has it."""
    return tuple(ShiftLine(one.name, one.begins.isoformat("minutes")) for one in plan.shifts)


def lines_sent(form: Mapping[str, str]) -> tuple[ShiftLine, ...]:
    """What somebody sent."""
    numbers = range(MOST_SHIFTS)
    return tuple(ShiftLine(form.get(f"name-{at}", "").strip(), form.get(f"begins-{at}", "").strip()) for at in numbers)


def plan_of(zone: str, lines: Sequence[ShiftLine]) -> ShiftPlan:
    """The plan of a form; empty lines are none.

    Raises:
        BadInputError: it is no plan.
    """
    return ShiftPlan(zone, tuple(Shift(one.name, _time(one)) for one in lines if one != ShiftLine()))


def _time(line: ShiftLine) -> time:
    try:
        return time.fromisoformat(line.begins)
    except ValueError as err:
        raise BadInputError(f"wanted when {line.name!r} begins, such as 06:00, found {line.begins[:20]!r}") from err
