"""Into the quarantine, within bounds: of each device so much is kept, and what comes after that is counted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from fleet_manager.store.plain_text import plain_text
from fleet_manager.store.tables import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Table

    from fleet_manager.arrival import Arrival

MOST_KEPT: Final = 1000
"""Messages of one device,"""
MOST_BYTES: Final = 4 << 20
"""and bytes of their bodies. Messages that name no device share one such room."""
OTHERS: Final = "others"
"""The event that stands for all that is only counted; its topic is the device's, with a `#`."""
_WHY_OTHERS: Final = f"not kept: {MOST_KEPT} messages or {MOST_BYTES >> 20} MiB of this sender are kept already"
_KEY: Final = ("topic", "event_id")
_log = logging.getLogger(__name__)


def keep_refused(con: Connection, insert: Callable[[Table], Any], strangers: Iterable[Arrival], now_ms: int) -> None:
    """Keep each message once, with how often it came; count those for which there is no room."""
    for one in strangers:
        topic = plain_text(one.topic)
        if _is_known(con, topic, one.event_id):
            continue
        common = {"address": one.address, "times": 1, "stored_ms": now_ms}
        if _has_room(con, one.address, len(one.body)):
            place = {"epoch": one.epoch, "seq": one.seq}
            row = {"topic": topic, "event_id": one.event_id, "why": plain_text(one.why), "body": one.body, **place}
        else:
            topic = f"lepton/1/{one.address}/#" if one.address else "#"
            if _is_known(con, topic, OTHERS):
                continue
            row = {"topic": topic, "event_id": OTHERS, "why": _WHY_OTHERS, "body": b""}
            _log.warning(
                "the quarantine keeps no more of %s; what else is refused is counted", one.address or "no device"
            )
        again = {"times": refused.c.times + 1}
        con.execute(insert(refused).values(**common, **row).on_conflict_do_update(index_elements=_KEY, set_=again))


def _is_known(con: Connection, topic: str, event_id: str) -> bool:
    """Whether the message is there already; then it has come once more."""
    same = (refused.c.topic == topic, refused.c.event_id == event_id)
    return con.execute(update(refused).where(*same).values(times=refused.c.times + 1)).rowcount == 1


def _has_room(con: Connection, address: str, size: int) -> bool:
    held = select(func.count(), func.coalesce(func.sum(func.length(refused.c.body)), 0))
    count, filled = con.execute(held.where(refused.c.address == address)).one()
    return int(count) < MOST_KEPT and int(filled) + size <= MOST_BYTES
