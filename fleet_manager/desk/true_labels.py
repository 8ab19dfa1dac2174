"""What parts truly were, said by people: the labels that the next training learns from.

A confirmed defect and a false alarm come from alerts; a missed defect has no alert, because the model called it good.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from edge_contracts.alert import EvidenceKind
from edge_contracts.errors import BadInputError
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.tables import verdict_labels
from fleet_manager.store.dialect_insert import insert_into

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row

    from fleet_manager.desk.inbox import AlertLine

GOOD: Final = "good"
DEFECT: Final = "defect"
"""The label of a defect that neither the model nor a person named."""
MOST_LABEL: Final = 128
_FORMULA: Final = ("=", "+", "-", "@", "'")
_GOOD_NAMES: Final = frozenset({"good", "normal"})
"""The names that the trainer takes for good."""
_PICTURES: Final = (EvidenceKind.IMAGE, EvidenceKind.SOUND)
"""Evidence as it was captured; boxes and heat maps are drawn over."""
_BATCH: Final = 1000


class Said(str, Enum):
    """What a person said of a verdict."""

    CONFIRMED_DEFECT = "confirmed-defect"
    FALSE_ALARM = "false-alarm"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class TrueLabel:
    """One part and what it truly was.

    id: its place in the order of the export. alert_id: None for a missed defect.
    label: `good`, or what kind of defect.
    sha256, media_type: of the picture or sound as it was captured, None where the station sent none.
    model: SHA-256 of the bundle that was wrong or right; empty where none decided.
    """

    id: int
    alert_id: int | None
    site: str
    address: str
    point: str
    part: str
    said: Said
    label: str
    sha256: str | None
    media_type: str | None
    model: str
    who: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class MissedDefect:
    """A defect that was called good and found later, by a person or at the next station.

    address: `org/site/device`. label: what kind of defect.
    sha256, media_type: of its picture in the store of evidence, where there is one.
    """

    address: str
    point: str
    part: str
    label: str = DEFECT
    sha256: str | None = None
    media_type: str | None = None
    model: str = ""


def label_of_judgement(line: AlertLine, after: AlertState, label: str | None) -> str:
    """The label that a judgement stands for: the person's own, or what follows from the verdict.

    Raises:
        BadInputError: the label cannot be taken, or contradicts the judgement.
    """
    if label is None:
        named = line.label if line.label and line.label.lower() not in _GOOD_NAMES else DEFECT
        return GOOD if after is AlertState.FALSE_ALARM else named
    check_label(label)
    if (label.lower() in _GOOD_NAMES) != (after is AlertState.FALSE_ALARM):
        raise BadInputError(
            f"wanted a label that fits {after.value}, found {label!r}: judge it the other way, or relabel"
        )
    return label


def check_label(label: str) -> None:
    """Let a label pass that a training manifest and a spreadsheet both take.

    Raises:
        BadInputError: it is empty, too long, not printable, or begins as a formula does.
    """
    if not label.strip() or len(label) > MOST_LABEL or not label.isprintable() or label.startswith(_FORMULA):
        raise BadInputError(
            f"wanted a label of 1 to {MOST_LABEL} printable characters that does not begin with one of "
            f"{' '.join(_FORMULA)}, found {label[:MOST_LABEL]!r}"
        )


def remember_label(con: Connection, line: AlertLine, after: AlertState, label: str, who: str, at_ms: int) -> None:
    """Keep what an alert's part truly was; a later judgement replaces it."""
    picture = next((one for one in line.evidence if one.kind in _PICTURES), None)
    said = {"said": after.value, "label": label, "who": who, "at_ms": at_ms}
    row = insert_into(con, verdict_labels).values(
        alert_id=line.id,
        site=line.site,
        address=line.address,
        point=line.point,
        part=line.part,
        sha256=picture and picture.sha256,
        media_type=picture and picture.media_type,
        model=line.model or "",
        **said,
    )
    con.execute(row.on_conflict_do_update(index_elements=["alert_id"], set_=said))


def report_missed(con: Connection, missed: MissedDefect, who: str, at_ms: int) -> None:
    """Keep a defect that no alert told of.

    Raises:
        BadInputError: its label cannot be taken, or says that it is good.
    """
    check_label(missed.label)
    if missed.label.lower() in _GOOD_NAMES:
        raise BadInputError(f"wanted the kind of a defect that was missed, found {missed.label!r}: name the defect")
    con.execute(
        insert(verdict_labels).values(
            site=missed.address.rpartition("/")[0],
            address=missed.address,
            point=missed.point,
            part=missed.part,
            said=Said.MISSED.value,
            label=missed.label,
            sha256=missed.sha256,
            media_type=missed.media_type,
            model=missed.model,
            who=who,
            at_ms=at_ms,
        )
    )


def true_labels(con: Connection, sites: tuple[str, ...] | None = None, after_id: int = 0) -> Iterator[TrueLabel]:
    """Every label of these sites (None for all), in the order in which the parts were first judged."""
    while True:
        query = select(verdict_labels).where(verdict_labels.c.id > after_id).order_by(verdict_labels.c.id).limit(_BATCH)
        if sites is not None:
            query = query.where(verdict_labels.c.site.in_(sites))
        rows = con.execute(query).all()
        yield from map(_true_label, rows)
        if len(rows) < _BATCH:
            return
        after_id = rows[-1].id


def _true_label(row: Row[Any]) -> TrueLabel:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own public name
    return TrueLabel(**{**values, "said": Said(row.said)})
