"""The rows of commands: given, sent, listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from edge_contracts.command import LONGEST_COMMAND_S, MEANINGS
from edge_contracts.errors import BadInputError
from edge_contracts.identifiers import uuid7
from fleet_manager.commands.command import GivenCommand
from fleet_manager.store.commands import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

DEFAULT_TIMEOUT_S: Final = 30
_NOISE_BYTES: Final = 10
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of a device.

    address: `org/site/device`. timeout_s: so long it is good for.

    Raises:
        BadInputError: there is no such command, or the time is none to wait.
    """

    address: str
    name: str
    timeout_s: int = DEFAULT_TIMEOUT_S

    def __post_init__(self) -> None:
        if self.name not in MEANINGS:
            raise BadInputError(f"wanted a command ({', '.join(MEANINGS)}), found {self.name[:40]!r}")
        if not 1 <= self.timeout_s <= LONGEST_COMMAND_S:
            raise BadInputError(f"wanted 1 to {LONGEST_COMMAND_S} s for an answer, found {self.timeout_s}")

    @property
    def site(self) -> str:
        """`org/site`."""
        return self.address.rpartition("/")[0]


def give_command(con: Connection, wish: Wish, who: str, now_ms: int, draw: Callable[[int], bytes]) -> int:
    """Write a command down, to be sent soon; its number.

    Args:
        con: the transaction of the audit entry that says so.
        wish: what is asked for.
        who: asks.
        now_ms: wall clock.
        draw: random bytes.
    """
    row = {
        "command_id": uuid7(now_ms, draw(_NOISE_BYTES)),
        "address": wish.address,
        "site": wish.site,
        "name": wish.name,
        "who": who,
        "made_ms": now_ms,
        "expires_ms": now_ms + wish.timeout_s * _MS,
        "answer": "",
    }
    return int(con.execute(insert(commands).values(row).returning(commands.c.id)).scalar_one())


def find_command(con: Connection, number: int) -> GivenCommand | None:
    """The command of a number; None where there is none."""
    row = con.execute(select(commands).where(commands.c.id == number)).mappings().first()
    return None if row is None else _command(row)


def list_commands(con: Connection, address: str, before: int | None = None, limit: int = 20) -> list[GivenCommand]:
    """Those of one device, newest first; only with numbers below `before`."""
    query = select(commands).where(commands.c.address == address).order_by(commands.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(commands.c.id < before)
    return [_command(row) for row in con.execute(query).mappings()]


def unsent_commands(con: Connection, now_ms: int, limit: int = 100) -> list[GivenCommand]:
    """What waits to be sent and is still good, oldest first."""
    query = select(commands).where(commands.c.expires_ms > now_ms, commands.c.sent_ms.is_(None))
    rows = con.execute(query.order_by(commands.c.id).limit(limit)).mappings()
    return [_command(row) for row in rows]


def note_sent(con: Connection, numbers: Collection[int], now_ms: int) -> None:
    """The broker has them."""
    con.execute(update(commands).where(commands.c.id.in_(sorted(numbers))).values(sent_ms=now_ms))


def _command(row: Mapping[Any, Any]) -> GivenCommand:
    return GivenCommand(**{str(name): value for name, value in row.items()})
