"""Alerts as the columns of a table, for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fleet_manager.api.wire_values import moment
from fleet_manager.desk.inbox import MOST_ON_A_PAGE, inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from fleet_manager.desk.inbox import AlertLine, Filter

COLUMNS: Final = {
    "id": int,
    "address": str,
    "point": str,
    "part": str,
    "time": str,
    "stored": str,
    "outcome": str,
    "cause": str,
    "reason": str,
    "severity": str,
    "label": str,
    "score": float,
    "model": str,
    "count": int,
    "evidence": str,
    "state": str,
    "changed_by": str,
    "event_id": str,
}
"""Names and kinds. Times are RFC 3339; `evidence` is SHA-256 digests, parted by spaces."""


def alert_pages(engine: Engine, wanted: Filter) -> Iterator[list[tuple[Any, ...]]]:
    """All alerts that are wanted, newest first, a page at a time, each read for itself: no transaction lasts."""
    before: int | None = None
    while True:
        with engine.connect() as con:
            page = inbox(con, wanted, before, MOST_ON_A_PAGE)
        if page.lines:
            yield [_row(line) for line in page.lines]
        if page.older is None:
            return
        before = page.older


def _row(line: AlertLine) -> tuple[Any, ...]:
    return (
        line.id,
        line.address,
        line.point,
        line.part,
        moment(line.time_ms).isoformat(),
        moment(line.stored_ms).isoformat(),
        line.outcome.value,
        line.cause.value,
        line.reason,
        line.severity.value,
        line.label,
        line.score,
        line.model,
        line.count,
        " ".join(one.sha256 for one in line.evidence),
        line.state.value,
        line.who,
        line.event_id,
    )
