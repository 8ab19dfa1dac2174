"""Commands to devices, as rows: each is one before it is on the wire, and keeps what its device answered.

Times are milliseconds since 1970-01-01 UTC by the manager's clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, select, update

from edge_contracts.command import Reply
from fleet_manager.store.metadata import Key, metadata
from fleet_manager.store.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from fleet_manager.arrival import Arrival

commands: Final = Table(
    "commands",
    metadata,
    Column("id", Key, primary_key=True),
    Column("command_id", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("outcome", Text),
    Column("answer", Text, nullable=False),
    Index("ix_commands_address", "address", "id"),
    Index("ix_commands_expires", "expires_ms"),
)
"""`sent_ms` is when the broker had it; `ended_ms` and `outcome` come with the device's first answer, however late."""

_NOT_GIVEN: Final = "an answer to a command that this device was not given"


def hear_replies(con: Connection, replies: Iterable[Arrival], now_ms: int) -> list[Arrival]:
    """Keep what devices answered; the first answer to a command counts.

    Returns:
        Those that are refused: answers to what the device that the topic names was never asked.
    """
    return [replace(one, why=_NOT_GIVEN, content=None) for one in replies if not _hear(con, one, now_ms)]


def _hear(con: Connection, one: Arrival, now_ms: int) -> bool:
    reply = one.content
    if not isinstance(reply, Reply):
        raise TypeError("wanted an answer")
    is_its = (commands.c.command_id == reply.id) & (commands.c.address == one.address) & (commands.c.name == reply.name)
    told = {"outcome": reply.outcome.value, "answer": plain_text(reply.text), "ended_ms": now_ms}
    if con.execute(update(commands).where(is_its, commands.c.outcome.is_(None)).values(told)).rowcount == 1:
        return True
    return con.execute(select(commands.c.id).where(is_its)).first() is not None
