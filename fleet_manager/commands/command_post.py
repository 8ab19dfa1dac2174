"""Commands that wait, as letters to their devices."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from edge_contracts.command import Command
from edge_contracts.topics import DeviceAddress
from fleet_manager.commands.command_log import note_sent, unsent_commands
from fleet_manager.dispatcher import Letter

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from fleet_manager.commands.command import GivenCommand

_MS: Final = 1000


class CommandPost:
    """Each is sent once, and never after its time."""

    @staticmethod
    def due(con: Connection, now_ms: int) -> list[Letter]:
        """Those that wait and are still good."""
        return [_letter(one, now_ms) for one in unsent_commands(con, now_ms)]

    @staticmethod
    def sent(con: Connection, numbers: Collection[int], now_ms: int) -> None:
        """The broker has these."""
        note_sent(con, numbers, now_ms)

    def connected(self) -> None:
        """What was sent on an earlier connection is not sent again."""


def _letter(one: GivenCommand, now_ms: int) -> Letter:
    expires = datetime.fromtimestamp(one.expires_ms / _MS, timezone.utc)
    topic = DeviceAddress(*one.address.split("/")).topic(f"cmd/{one.name}")
    body = Command(id=one.command_id, expires=expires).model_dump_json().encode()
    return Letter(one.id, topic, body, expiry_s=(one.expires_ms - now_ms) / _MS)
