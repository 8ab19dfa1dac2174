"""Shifts: their names, when they begin by the wall clock of the place, and which one a time falls into. Pure.

A shift lasts until the next one begins, so that every minute has a shift, however long the night is in which the
clocks change.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_contracts.errors import BadInputError
from fleet_manager.desk.running_counts import QUARTER_MS, Counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_manager.desk.production import Made

MOST_SHIFTS: Final = 12
_MOST_NAME: Final = 64
_QUARTER_MIN: Final = 15


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift.

    begins: by the wall clock of the place, on a quarter of an hour.
    """

    name: str
    begins: time


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """The shifts of a day, in the order in which they begin.

    zone: the place's time zone, as in the IANA database: `Europe/Berlin`.

    Example:
        ShiftPlan("Europe/Berlin", (Shift("early", time(6)), Shift("late", time(14)), Shift("night", time(22))))

    Raises:
        BadInputError: a zone that is not known, no shift, one that begins off the quarter or at the time of another.
    """

    zone: str
    shifts: tuple[Shift, ...]

    def __post_init__(self) -> None:
        """Hold the promises."""
        _zone(self.zone)
        if not 1 <= len(self.shifts) <= MOST_SHIFTS:
            raise BadInputError(f"wanted 1 to {MOST_SHIFTS} shifts, found {len(self.shifts)}")
        for shift in self.shifts:
            _check(shift)
        if any(len({of(one) for one in self.shifts}) < len(self.shifts) for of in (_name_of, _begin_of)):
            raise BadInputError("wanted shifts that differ in name and begin, found two alike: change one")
        object.__setattr__(self, "shifts", tuple(sorted(self.shifts, key=_begin_of)))


def whole_days() -> ShiftPlan:
    """Where no plan is made: one shift a day, by UTC."""
    return ShiftPlan("UTC", (Shift("day", time(0)),))


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """One shift of one day.

    day: the date on which it began, there.
    from_ms, until_ms: milliseconds since 1970-01-01 UTC.
    """

    name: str
    day: date
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class ShiftMade:
    """What one shift of one day made."""

    shift: ShiftSpan
    counts: Counts


def shift_spans(plan: ShiftPlan, from_ms: int, until_ms: int) -> tuple[ShiftSpan, ...]:
    """The shifts that have a part in a time, in their order; each in its full length."""
    zone = _zone(plan.zone)
    day = _day(from_ms, zone) - timedelta(days=1)
    last = _day(until_ms, zone) + timedelta(days=1)
    begins: list[tuple[str, date, int]] = []
    while day <= last:
        begins += [(shift.name, day, _ms(day, shift.begins, zone)) for shift in plan.shifts]
        day += timedelta(days=1)
    begins.sort(key=lambda one: one[2])  # a begin in the hour that is left out in spring may pass the next one
    spans = [ShiftSpan(*one, after[2]) for one, after in itertools.pairwise(begins)]
    return tuple(one for one in spans if one.until_ms > max(from_ms, one.from_ms) and one.from_ms < until_ms)


def by_shift(quarters: Iterable[Made], spans: Iterable[ShiftSpan]) -> tuple[ShiftMade, ...]:
    """What each shift made.

    Args:
        quarters: what `production` tells by `quarter`.
        spans: the shifts of the same time; one that made nothing is told all the same.
    """
    told = {int(made.group): made.counts for made in quarters}
    return tuple(ShiftMade(span, _sum(told, span)) for span in spans)


def _sum(told: dict[int, Counts], span: ShiftSpan) -> Counts:
    whole = Counts()
    for begin in range(span.from_ms, span.until_ms, QUARTER_MS):
        whole += told.get(begin, Counts())
    return whole


def _check(shift: Shift) -> None:
    if not shift.name.strip() or len(shift.name) > _MOST_NAME or not shift.name.isprintable():
        raise BadInputError(f"wanted a shift's name of 1 to {_MOST_NAME} characters, found {shift.name[:_MOST_NAME]!r}")
    begins = shift.begins
    if begins.tzinfo or begins.minute % _QUARTER_MIN or begins.second or begins.microsecond:
        raise BadInputError(f"wanted a begin on a quarter of an hour such as 06:00, found {begins.isoformat()}")


def _name_of(shift: Shift) -> str:
    return shift.name


def _begin_of(shift: Shift) -> time:
    return shift.begins


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise BadInputError(f"wanted a time zone such as Europe/Berlin or UTC, found {name!r}") from err


def _day(at_ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def _ms(day: date, begins: time, zone: ZoneInfo) -> int:
    local = datetime.combine(day, begins, zone)
    return int(local.astimezone(timezone.utc).timestamp() * 1000)
