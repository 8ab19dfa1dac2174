"""Which labels teach something: one picture has one label, and what is left out is told with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from fleet_manager.desk.tables import verdict_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection

    from fleet_manager.desk.true_labels import TrueLabel


class LeftOut(str, Enum):
    """Why a label teaches nothing."""

    NO_PICTURE = "no picture belongs to it"
    CONTRADICTED = "its picture has two labels that differ"
    AGAIN = "its picture is here with the same label"
    NOT_HERE = "its picture has not come, or was swept away"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A label, and why it is left out; None where it teaches."""

    label: TrueLabel
    left_out: LeftOut | None


def contradicted_pictures(con: Connection, sites: tuple[str, ...] | None = None) -> frozenset[str]:
    """The digests of the pictures of these sites (None for all) that people gave different labels."""
    column = verdict_labels.c
    query = select(column.sha256).where(column.sha256.is_not(None))
    if sites is not None:
        query = query.where(column.site.in_(sites))
    query = query.group_by(column.sha256).having(func.min(column.label) != func.max(column.label))
    return frozenset(con.execute(query).scalars())


def lessons(labels: Iterable[TrueLabel], contradicted: Collection[str]) -> Iterator[Lesson]:
    """Every label in its order; the first of a picture teaches, unless others contradict it."""
    taught: set[str] = set()
    for one in labels:
        left_out = _left_out(one, contradicted, taught)
        if left_out is None and one.sha256 is not None:
            taught.add(one.sha256)
        yield Lesson(one, left_out)


def _left_out(one: TrueLabel, contradicted: Collection[str], taught: Collection[str]) -> LeftOut | None:
    if one.sha256 is None:
        return LeftOut.NO_PICTURE
    if one.sha256 in contradicted:
        return LeftOut.CONTRADICTED
    return LeftOut.AGAIN if one.sha256 in taught else None
