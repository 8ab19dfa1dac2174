"""The quarantine, read: messages that could not be accepted, who sent them, why they were refused, how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select, tuple_

from edge_contracts.errors import BadInputError
from fleet_manager.store.tables import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

SHOWN_BYTES: Final = 2_000
PAGE: Final = 50
_FIRST_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page of the quarantine ended: the row's time, its event and its topic."""

    first_ms: int
    event_id: str
    topic: str

    def __str__(self) -> str:
        """As it stands in an address; an event's id has no dot in it."""
        return f"{self.first_ms}.{self.event_id}.{self.topic}"

    @classmethod
    def from_text(cls, text: str) -> Mark:
        """As it was written.

        Raises:
            BadInputError: it is none.
        """
        first_ms, event_id, topic = (*text.split(".", 2), "", "")[:3]
        if not (first_ms.isascii() and first_ms.isdecimal() and len(first_ms) <= _FIRST_DIGITS and event_id):
            raise BadInputError(f"wanted the end of a page of the quarantine, found {text[:40]!r}: take its `next`")
        return cls(int(first_ms), event_id, topic)


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """One message that is kept; it came `times` times, first at `first_ms` (since 1970-01-01 UTC).

    address: `org/site/device` from the topic; empty where the topic names no device.
    epoch, seq: the place that it took; None where none could be read.
    body: as it came, at most 64 kB of it.
    """

    topic: str
    event_id: str
    address: str
    epoch: str | None
    seq: int | None
    why: str
    times: int
    first_ms: int
    body: bytes

    @property
    def text(self) -> str:
        """Its beginning, for people; what is no UTF-8 is marked as such."""
        return self.body[:SHOWN_BYTES].decode("utf-8", "replace")

    @property
    def is_cut(self) -> bool:
        """Whether there is more than that."""
        return len(self.body) > SHOWN_BYTES

    @property
    def mark(self) -> Mark:
        """Where a page ends that ends with it."""
        return Mark(self.first_ms, self.event_id, self.topic)


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """Messages, the newest first; `older` is None where nothing older is left."""

    messages: tuple[RefusedMessage, ...]
    older: Mark | None


def quarantine(
    con: Connection, sites: Sequence[str] | None, before: Mark | None = None, limit: int = PAGE
) -> QuarantinePage:
    """Messages that were refused, page by page.

    Args:
        con: a connection that reads.
        sites: those that the person may see; None for every one, and for messages that name no device.
        before: where the page before ended.
        limit: messages of one page.
    """
    order = (refused.c.stored_ms, refused.c.event_id, refused.c.topic)
    query = select(refused).where(*_seen(sites)).order_by(*(column.desc() for column in order)).limit(limit + 1)
    if before is not None:
        query = query.where(tuple_(*order) < tuple_(before.first_ms, before.event_id, before.topic))
    found = tuple(map(_message, con.execute(query)))
    return QuarantinePage(found[:limit], found[limit - 1].mark if len(found) > limit else None)


def refused_count(con: Connection, sites: Sequence[str] | None) -> int:
    """How many messages are kept, each once however often it came."""
    return int(con.execute(select(func.count()).select_from(refused).where(*_seen(sites))).scalar_one())


def _seen(sites: Sequence[str] | None) -> list[ColumnElement[bool]]:
    if sites is None:
        return []
    return [or_(False, *(refused.c.address.startswith(f"{site}/", autoescape=True) for site in sites))]


def _message(row: Row[Any]) -> RefusedMessage:
    place = (row.address, row.epoch, row.seq)
    return RefusedMessage(row.topic, row.event_id, *place, row.why, row.times, row.stored_ms, bytes(row.body))
