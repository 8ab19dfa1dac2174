"""Cases: alerts of one kind from one place that follow each other closely are one thing that a person looks at. Pure.

Two alerts are of one case when their device, point, outcome, cause and label are the same and no more than a gap lies
between them, or a chain of such alerts. The order in which they arrive makes no difference: alerts of an outage come
after those of today, and one that fills the gap between two cases makes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import Severity
from fleet_manager.desk.bounded_sum import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_manager.desk.followed_alert import FollowedAlert

GRAVITY: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Kind:
    """What alerts of one case have in common; an empty label means none."""

    address: str
    point: str
    outcome: str
    cause: str
    label: str

    @property
    def site(self) -> str:
        """`org/site` of the address."""
        return self.address.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    id: None before it is stored.
    severity: the worst.
    first_ms, last_ms: when the first and the last alert happened, milliseconds since 1970-01-01 UTC.
    first_id, last_id: the lowest and the highest number of its alerts.
    alerts: how many; parts: inspections that they stand for.
    """

    id: int | None
    kind: Kind
    severity: Severity
    first_ms: int
    last_ms: int
    first_id: int
    last_id: int
    alerts: int
    parts: int


@dataclass(frozen=True, slots=True)
class Folded:
    """What new alerts change.

    changed: cases that are new or differ. gone: ids of those that became part of another.
    """

    changed: tuple[Case, ...]
    gone: tuple[int, ...]


def kind_of(alert: FollowedAlert) -> Kind:
    """What the alert has in common with others of its case."""
    return Kind(alert.address, alert.point, alert.outcome, alert.cause, alert.label)


def fold(held: Iterable[Case], new: Iterable[FollowedAlert], gap_ms: int) -> Folded:
    """Join alerts of one kind to the cases of that kind that lie within `gap_ms` of them."""
    known = {case.id: case for case in held}
    pieces = sorted([*known.values(), *map(_alone, new)], key=lambda case: case.first_ms)
    joined = list(_joined(pieces, gap_ms))
    kept = {case.id for case in joined}
    gone = tuple(sorted(number for number in known if number is not None and number not in kept))
    return Folded(tuple(case for case in joined if known.get(case.id) != case), gone)


def _alone(alert: FollowedAlert) -> Case:
    when, number = alert.happened_ms, alert.id
    return Case(None, kind_of(alert), alert.severity, when, when, number, number, 1, alert.parts)


def _joined(pieces: Iterable[Case], gap_ms: int) -> Iterator[Case]:
    current: Case | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif piece.first_ms - current.last_ms <= gap_ms:
            current = _together(current, piece)
        else:
            yield current
            current = piece
    if current is not None:
        yield current


def _together(one: Case, other: Case) -> Case:
    return replace(
        one,
        id=min((number for number in (one.id, other.id) if number is not None), default=None),
        severity=max(one.severity, other.severity, key=GRAVITY.__getitem__),
        last_ms=max(one.last_ms, other.last_ms),
        first_id=min(one.first_id, other.first_id),
        last_id=max(one.last_id, other.last_id),
        alerts=one.alerts + other.alerts,
        parts=bounded(one.parts + other.parts),
    )
